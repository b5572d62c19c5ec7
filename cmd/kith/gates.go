package main

import (
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/kith-dev/kith/internal/activation"
)

// printGates shows each gate with a mark, the reason where it closed, and the facts it was decided on. After the one that
// closed the others are shown too, so that nobody has to ask again.
func printGates(out io.Writer, gates []activation.Gate) {
	colour := isTerminal(out)
	for _, g := range gates {
		mark, c := "passed", text.FgGreen
		if !g.Passed {
			mark, c = "closed", text.FgRed
		}
		if colour {
			mark = c.Sprint(mark)
		}
		fmt.Fprintf(out, "%s  %-10s %s\n", mark, g.Name, g.Reason)
		for _, d := range g.Detail {
			fmt.Fprintf(out, "        %s\n", d)
		}
	}
}
