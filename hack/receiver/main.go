// Command receiver is a stand-in for an email provider's audience API, for the demo: it takes the batches that a webhook Destination
// posts and shows whom it holds. What it took is in requests.ndjson in its folder, so that it can be started again.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/kith-dev/kith/hack/receiver/receiver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "receiver:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("receiver", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:8099", "address to listen on")
	out := flags.String("out", "", "folder of requests.ndjson")
	token := flags.String("token", "", "bearer token that requests must carry; none when empty")
	key := flags.String("key", "email_sha256", "field that names a person")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" || flags.NArg() > 0 {
		return errors.New("usage: receiver -out DIR [-addr HOST:PORT] [-token TOKEN] [-key FIELD]")
	}
	r, err := receiver.Open(receiver.Options{Dir: *out, Token: *token, Key: *key})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return errors.Join(err, r.Close())
	}
	fmt.Printf("receiver: listening on http://%s/audience\n", listener.Addr())
	server := &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() {
		<-ctx.Done()
		within, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		done <- server.Shutdown(within)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return errors.Join(err, r.Close())
	}
	return errors.Join(<-done, r.Close())
}
