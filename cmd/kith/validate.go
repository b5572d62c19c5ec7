package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/manifest"
)

func newValidate() *cobra.Command {
	var paths []string
	var output string
	c := &cobra.Command{
		Use:   "validate -f DIR",
		Short: "Check declarations without running anything",
		Long: "Checks each declaration with the API's own schemas and CEL rules, and all of them together: references, purposes, attributes,\n" +
			"and the types of every expression. Each mistake is shown with its file and line.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return validate(c.OutOrStdout(), paths, output) },
	}
	c.Flags().StringSliceVarP(&paths, "filename", "f", nil, "file or folder of declarations; can be given again")
	c.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	_ = c.MarkFlagRequired("filename")
	return c
}

func validate(out io.Writer, paths []string, output string) error {
	if err := textOrJSON(output); err != nil {
		return err
	}
	set, wrong, err := check(paths)
	if err != nil {
		return err
	}
	if output == "json" {
		err = validationJSON(out, wrong)
	} else {
		err = validationText(out, set, wrong)
	}
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return reportedError{fault.New(wrong[0].Class, "%w", wrong)}
	}
	return nil
}

func validationJSON(out io.Writer, wrong mistakes) error {
	type item struct {
		File    string      `json:"file"`
		Line    int         `json:"line"`
		Class   fault.Class `json:"class"`
		Kind    string      `json:"kind"`
		Name    string      `json:"name"`
		Field   string      `json:"field"`
		Message string      `json:"message"`
	}
	items := []item{}
	for _, m := range wrong {
		items = append(items, item{m.File, m.Line, m.Class, m.Kind, m.Name, m.Field, m.Message})
	}
	return printJSON(out, map[string]any{"valid": len(items) == 0, "mistakes": items})
}

func validationText(out io.Writer, set *manifest.Set, wrong mistakes) error {
	for _, m := range wrong {
		fmt.Fprintln(out, m)
	}
	if set == nil || len(wrong) > 0 {
		_, err := fmt.Fprintf(out, "%d mistakes\n", len(wrong))
		return err
	}
	for _, i := range set.Ignored {
		fmt.Fprintf(out, "%s: %s %s left out: %s\n", i.Pos, i.Kind, i.Name, i.Reason)
	}
	o := set.Objects
	_, err := fmt.Fprintf(out, "valid: %d DataSources, %d IdentityRules, %d Traits, %d Segments, %d Destinations, %d Activations\n",
		len(o.DataSources), len(o.IdentityRules), len(o.Traits), len(o.Segments), len(o.Destinations), len(o.Activations))
	return err
}
