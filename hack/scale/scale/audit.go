package scale

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// auditLog is where the API server writes down every request of the manager.
type auditLog struct {
	path string
}

// policy tells of the manager's requests and of nobody else's.
const policy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- level: Metadata
  users: ["` + user + `"]
- level: None
`

// flags of kube-apiserver that make it write the log.
func (l *auditLog) flags(dir string) ([]string, error) {
	path := filepath.Join(dir, "audit-policy.yaml")
	return []string{"--audit-policy-file=" + path, "--audit-log-path=" + l.path, "--audit-log-maxsize=1000"}, os.WriteFile(path, []byte(policy), 0o600)
}

// request is a line of the log.
type request struct {
	Verb      string
	ObjectRef struct{ Resource, Subresource, Namespace, Name string }
	At        time.Time          `json:"requestReceivedTimestamp"`
	Response  struct{ Code int } `json:"responseStatus"`
}

func (r request) String() string {
	resource := r.ObjectRef.Resource
	if r.ObjectRef.Subresource != "" {
		resource += "/" + r.ObjectRef.Subresource
	}
	return r.Verb + " " + resource
}

func (r request) writes() bool {
	return slices.Contains([]string{"create", "update", "patch", "delete", "deletecollection"}, r.Verb)
}

// lease is written for as long as the manager lives; an event tells of a new leader.
func (r request) lease() bool {
	return r.ObjectRef.Resource == "leases" || r.ObjectRef.Resource == "events" && r.ObjectRef.Namespace == system
}

// each calls do with every request in a time, in the order in which they ended.
func (l *auditLog) each(from, to time.Time, do func(request)) error {
	f, err := os.Open(l.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	for r := bufio.NewReader(f); ; {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // the last line may not be whole yet
		}
		if err != nil {
			return err
		}
		var q request
		if err := json.Unmarshal(line, &q); err != nil {
			return fmt.Errorf("a line of the audit log: %w", err)
		}
		if !q.At.Before(from) && q.At.Before(to) {
			do(q)
		}
	}
}

// count requests by verb and resource, and those that were refused by their code too. What watches is counted when it ends.
func (l *auditLog) count(from, to time.Time) (all, refused map[string]int, err error) {
	all, refused = map[string]int{}, map[string]int{}
	return all, refused, l.each(from, to, func(q request) {
		all[q.String()]++
		if q.Response.Code >= 400 {
			refused[fmt.Sprintf("%s: %d", q, q.Response.Code)]++
		}
	})
}

// writes apart from the manager's Lease.
func (l *auditLog) writes(from, to time.Time) ([]string, error) {
	var out []string
	return out, l.each(from, to, func(q request) {
		if q.writes() && !q.lease() {
			out = append(out, fmt.Sprintf("%s %s/%s", q, q.ObjectRef.Namespace, q.ObjectRef.Name))
		}
	})
}

// patience is how long a state may take to come about on a slow machine. Nothing is measured with it.
const patience = 10 * time.Minute

// waitForLease waits until the manager has written its Lease after a time.
func (l *auditLog) waitForLease(ctx context.Context, after time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		held := false
		err := l.each(after, time.Now(), func(q request) {
			held = held || q.ObjectRef.Resource == "leases" && q.writes() && q.Response.Code < 300
		})
		if err != nil || held {
			return err
		}
		if err := sleep(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
}

// waitForQuiet waits until the manager has written nothing but its Lease for a time, and says since when that is.
func (l *auditLog) waitForQuiet(ctx context.Context, quiet time.Duration) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	began := time.Now()
	for {
		last := began
		err := l.each(began, time.Now(), func(q request) {
			if q.writes() && !q.lease() && q.At.After(last) {
				last = q.At
			}
		})
		if err != nil {
			return last, err
		}
		if time.Since(last) >= quiet {
			return time.Now(), nil
		}
		if err := sleep(ctx, 500*time.Millisecond); err != nil {
			return last, err
		}
	}
}
