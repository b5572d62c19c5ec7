// Package receiver is an HTTP service that takes audiences as a careful email provider would: it honours idempotency keys, holds the
// members, and answers only after the request is on disk. It serves the demo and is the independent witness of tests; it shares no
// code with what sends to it.
package receiver

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// LogName is the file below Options.Dir that has one line, a JSON document as it was posted, for each request that was taken.
const LogName = "requests.ndjson"

const maxRequest = 64 << 20

// Options of a receiver.
type Options struct {
	Dir   string // of the log; made when absent
	Token string // that requests must carry as a bearer token; any are taken when it is empty
	Key   string // field of a record that names the person
}

// State is what GET /audience/state answers.
type State struct {
	Members  []map[string]any `json:"members"`  // as last sent, ordered by the key field
	Requests int              `json:"requests"` // that were taken
	Replayed int              `json:"replayed"` // that came again with a key that was taken before, since the start
	Upserted int              `json:"upserted"` // people in requests that were taken
	Removed  int              `json:"removed"`
}

// Receiver is an http.Handler: POST /audience, GET /audience/state.
type Receiver struct {
	options Options
	mux     *http.ServeMux

	mu      sync.Mutex
	log     *os.File
	members map[string]map[string]any
	taken   map[string][sha256.Size]byte // idempotency key -> hash of the request
	state   State
}

type request struct {
	IdempotencyKey string           `json:"idempotencyKey"`
	Operation      string           `json:"operation"`
	Records        []map[string]any `json:"records"`
}

// Open a receiver on the log in o.Dir, with the members that it had when it was closed.
func Open(o Options) (*Receiver, error) {
	if o.Key == "" {
		return nil, errors.New("the name of the key field is missing")
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(o.Dir, LogName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	r := &Receiver{options: o, log: log, mux: http.NewServeMux(), members: map[string]map[string]any{}, taken: map[string][sha256.Size]byte{}}
	r.mux.HandleFunc("POST /audience", r.post)
	r.mux.HandleFunc("GET /audience/state", r.show)
	if err := r.replay(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	return r, nil
}

// replay the log. A last line without its end was never answered: it is cut off.
func (r *Receiver) replay() error {
	in := bufio.NewReader(r.log)
	var end int64
	for {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		end += int64(len(line))
		body := bytes.TrimSuffix(line, []byte("\n"))
		req, err := r.parse(body)
		if err != nil {
			return fmt.Errorf("%s: %w", r.log.Name(), err)
		}
		r.apply(req, body)
	}
	if err := r.log.Truncate(end); err != nil {
		return err
	}
	_, err := r.log.Seek(end, io.SeekStart)
	return err
}

// Close the log.
func (r *Receiver) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Close()
}

// ServeHTTP takes requests that carry the token.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	want := "Bearer " + r.options.Token
	if r.options.Token != "" && subtle.ConstantTimeCompare([]byte(req.Header.Get("Authorization")), []byte(want)) != 1 {
		http.Error(w, "the token is missing or wrong", http.StatusUnauthorized)
		return
	}
	r.mux.ServeHTTP(w, req)
}

// State of the receiver now.
func (r *Receiver) State() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.state
	keys := make([]string, 0, len(r.members))
	for k := range r.members {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	s.Members = make([]map[string]any, 0, len(keys))
	for _, k := range keys {
		s.Members = append(s.Members, r.members[k])
	}
	return s
}

func (r *Receiver) show(w http.ResponseWriter, _ *http.Request) { answer(w, r.State()) }

func (r *Receiver) post(w http.ResponseWriter, req *http.Request) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxRequest))
	if err != nil {
		http.Error(w, "the request is too large or broke off", http.StatusRequestEntityTooLarge)
		return
	}
	var body bytes.Buffer
	if err := json.Compact(&body, raw); err != nil {
		http.Error(w, "the request is not JSON", http.StatusBadRequest)
		return
	}
	in, err := r.parse(body.Bytes())
	if err == nil && in.IdempotencyKey != req.Header.Get("Idempotency-Key") {
		err = errors.New("the header Idempotency-Key differs from the body's")
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if hash, ok := r.taken[in.IdempotencyKey]; ok {
		if hash != sha256.Sum256(body.Bytes()) {
			http.Error(w, "another request had this idempotency key", http.StatusUnprocessableEntity)
			return
		}
		r.state.Replayed++
		answer(w, map[string]any{"accepted": len(in.Records)})
		return
	}
	if err := r.store(body.Bytes()); err != nil {
		http.Error(w, "the request can't be stored", http.StatusInternalServerError)
		return
	}
	r.apply(in, body.Bytes())
	answer(w, map[string]any{"accepted": len(in.Records)})
}

// store a request durably, or leave the log as it was.
func (r *Receiver) store(body []byte) error {
	at, err := r.log.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	_, err = r.log.Write(append(bytes.Clone(body), '\n'))
	if err == nil {
		err = r.log.Sync()
	}
	if err != nil {
		_, back := r.log.Seek(at, io.SeekStart)
		return errors.Join(err, r.log.Truncate(at), back)
	}
	return nil
}

func (r *Receiver) parse(body []byte) (request, error) {
	var in request
	if err := json.Unmarshal(body, &in); err != nil {
		return in, errors.New("the request is no JSON object with idempotencyKey, operation and records")
	}
	if in.IdempotencyKey == "" || in.Operation != "upsert" && in.Operation != "remove" {
		return in, errors.New("idempotencyKey is missing, or operation is neither upsert nor remove")
	}
	for i, record := range in.Records {
		if k, ok := record[r.options.Key].(string); !ok || k == "" {
			return in, fmt.Errorf("record %d has no %s", i, r.options.Key)
		}
	}
	return in, nil
}

// apply a request that is in the log.
func (r *Receiver) apply(in request, body []byte) {
	r.taken[in.IdempotencyKey] = sha256.Sum256(body)
	r.state.Requests++
	for _, record := range in.Records {
		key := record[r.options.Key].(string)
		if in.Operation == "remove" {
			delete(r.members, key)
			r.state.Removed++
			continue
		}
		r.members[key] = record
		r.state.Upserted++
	}
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	// The connection may be gone; the sender then asks again.
	_ = json.NewEncoder(w).Encode(v)
}
