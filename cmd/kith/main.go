// Command kith is the worker of a Kith cluster and the command line of the people who use it: one file per subcommand.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/kith-dev/kith/internal/fault"
)

// Exit codes. 1 and 2 are left to Go's runtime.
const (
	exitUser    = 10 // a declaration or the data has to change
	exitOutside = 11 // a database or receiver failed; trying again can help
	exitMachine = 12 // this machine or volume failed
	exitNobody  = 13 // another run overtook this one
	exitBudget  = 14 // what kith plan shows would wait for an approval
	exitUsage   = 64 // the command line was wrong
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(execute(ctx, os.Args[1:]))
}

func execute(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	var reported reportedError
	if !errors.As(err, &reported) {
		fmt.Fprintln(os.Stderr, "kith:", describe(err))
	}
	return exitCode(err)
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "kith",
		Short: "Kith: a customer data platform, declared in YAML",
		Long: "Kith brings customer data together, resolves who is who, finds the people that matter and reaches them with their consent.\n" +
			"Exit codes: 0 done; 10 a declaration or the data has to change; 11 a database or receiver failed, try again;\n" +
			"12 this machine or volume failed; 13 another run overtook this one; 14 what kith plan shows goes over a budget; 64 wrong usage.",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w\nsee %s --help", err, c.CommandPath())}
	})
	root.AddCommand(newRun(), newPlan(), newWorker(), newQuery(), newValidate(), newExplain(), newModel(), newVersion())
	return root
}

// usageError is a command line that can't be understood.
type usageError struct{ error }

// reportedError was already shown to the user as part of the output.
type reportedError struct{ error }

func (e reportedError) Unwrap() error { return e.error }

// overBudget is that a plan goes over a budget: nothing is wrong, but somebody has to approve it.
type overBudget struct{ error }

func exitCode(err error) int {
	var usage usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	var over overBudget
	if errors.As(err, &over) {
		return exitBudget
	}
	var classed *fault.Error
	if !errors.As(err, &classed) {
		return exitUsage // cobra's own complaints about arguments carry no class
	}
	switch classed.Class.Owner() {
	case fault.User:
		return exitUser
	case fault.Outside:
		return exitOutside
	case fault.Nobody:
		return exitNobody
	default:
		return exitMachine
	}
}

func describe(err error) string {
	var classed *fault.Error
	if errors.As(err, &classed) {
		return fmt.Sprintf("%s: %v", classed.Class, err)
	}
	return err.Error()
}
