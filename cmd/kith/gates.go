package main

import (
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/kith-dev/kith/internal/activation"
)

// printGates shows each gate with a mark, the reason where it closed, and the facts it was decided on. What can be told of the
// gates after one that closed is shown too, so that nobody has to ask again.
func printGates(out io.Writer, gates []activation.Gate) {
	colour := isTerminal(out)
	for _, g := range gates {
		mark, c := "passed ", text.FgGreen
		switch {
		case !g.Passed && g.Reason == "":
			mark, c = "not met", text.FgHiBlack // an earlier gate had closed
		case !g.Passed:
			mark, c = "closed ", text.FgRed
		}
		if colour {
			mark = c.Sprint(mark)
		}
		fmt.Fprintf(out, "%s  %-10s %s\n", mark, g.Name, g.Reason)
		for _, d := range g.Detail {
			fmt.Fprintf(out, "         %s\n", d)
		}
	}
}
