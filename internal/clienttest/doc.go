// Package clienttest uses the API as a Go program does: through a typed client that genqlient makes of the schema. It
// holds the schema to being one that such a client can be made of, and the server to what the client expects.
package clienttest

//go:generate go tool genqlient
