// Command probe is both ends of the check that hack/cluster/check.sh makes of a cluster: a server, and a client that says what it
// reaches and what it may write to.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "serve":
		err = http.ListenAndServe(os.Args[2], http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") }))
	case len(os.Args) > 2 && os.Args[1] == "check":
		err = check(os.Args[2:])
	default:
		err = fmt.Errorf("usage: probe serve ADDRESS | probe check [!]URL|[!]FOLDER|[!]NAME...   (! where it must not work)")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

// patience is how long something that should work may take to: kube-proxy follows a Service's endpoints within seconds.
const patience = 10 * time.Second

// check tries every URL, folder and name, and fails where one does what it should not.
func check(things []string) error {
	failed := 0
	for _, thing := range things {
		thing, not := strings.CutPrefix(thing, "!")
		err := try(thing)
		for end := time.Now().Add(patience); !not && err != nil && time.Now().Before(end); err = try(thing) {
			time.Sleep(200 * time.Millisecond)
		}
		verdict := "good"
		if (err != nil) != not {
			failed++
			verdict = "BAD"
		}
		fmt.Println(verdict, thing, err)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d things are not as they should be", failed, len(things))
	}
	return nil
}

func try(thing string) error {
	switch {
	case strings.HasPrefix(thing, "http"):
		return get(thing)
	case strings.HasPrefix(thing, "/"):
		return os.WriteFile(filepath.Join(thing, "probe"), []byte("hello\n"), 0o600)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err := net.DefaultResolver.LookupHost(ctx, thing)
	return err
}

func get(url string) error {
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Get(url)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err == nil && strings.TrimSpace(string(body)) != "hello" {
		err = fmt.Errorf("%s: %s", resp.Status, body)
	}
	return err
}
