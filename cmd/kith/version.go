package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker (make build).
var version = "dev"

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of kith and of the engines in it",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			out := c.OutOrStdout()
			fmt.Fprintf(out, "kith %s\n", version)
			info, ok := debug.ReadBuildInfo()
			if !ok {
				return nil
			}
			fmt.Fprintf(out, "go   %s\n", info.GoVersion)
			for _, m := range info.Deps {
				switch m.Path {
				case "github.com/duckdb/duckdb-go/v2", "github.com/apache/iceberg-go":
					fmt.Fprintf(out, "%s %s\n", m.Path, m.Version)
				}
			}
			return nil
		},
	}
}
