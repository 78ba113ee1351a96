package graph

import (
	"io"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
)

// generation are directives that instruct gqlgen and say nothing to a client.
var generation = []string{"goModel", "goField", "goTag", "goExtraField", "goEnum", "inlineArguments", "subscriptionContext"}

func printSchema(w io.Writer, schema *ast.Schema) {
	for _, name := range generation {
		delete(schema.Directives, name)
	}
	formatter.NewFormatter(w, formatter.WithIndent("  ")).FormatSchema(schema)
}
