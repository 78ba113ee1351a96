package graph

//go:generate rm -rf generated model
//go:generate go -C .. tool gqlgen generate
