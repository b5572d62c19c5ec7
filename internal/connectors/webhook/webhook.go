// Package webhook is a destination that posts batches of people as JSON to a URL. A request is
//
//	POST <url>
//	Idempotency-Key: <key>
//	{"activation":..., "run":..., "batch":1, "idempotencyKey":<key>, "operation":"upsert"|"remove", "records":[{...}, ...]}
//
// and the same key always comes with the same bytes. Any 2xx takes everybody, except whom a 200 or 207 with
// {"rejected":[{"index":0,"reason":"code"}]} names. 400, 409, 413 and 422 refuse something in the batch; 408, 429 and 5xx ask
// to try again; every other status refuses the destination as declared. Redirects are not followed: people are not sent to an
// address that nobody declared.
//
// What does not live here: batches, retries and rates (activation).
package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/fault"
)

// maxAnswer bounds what is read of an answer. A batch of which every person is rejected fits many times.
const maxAnswer = 4 << 20

// Options are the declaration of a webhook.
type Options struct {
	URL   string
	Token string // sent as a bearer token; empty sends none
}

// Webhook is an activation.Sender.
type Webhook struct {
	url    *url.URL
	token  string
	client *http.Client
}

// New checks the options; InvalidManifest for a URL that is not http or https.
func New(o Options) (*Webhook, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fault.New(fault.InvalidManifest, "webhook: url must be an http or https address with a host")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 2
	return &Webhook{url: u, token: o.Token, client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Name is the receiver's host: the path and query may hold secrets.
func (w *Webhook) Name() string { return "webhook " + w.url.Host }

type body struct {
	Activation     string               `json:"activation"`
	Run            string               `json:"run"`
	Batch          int64                `json:"batch"`
	IdempotencyKey string               `json:"idempotencyKey"`
	Operation      activation.Operation `json:"operation"`
	Records        []json.RawMessage    `json:"records"`
}

// Send makes one request. The context's deadline bounds it.
func (w *Webhook) Send(ctx context.Context, b activation.Batch) (activation.Answer, error) {
	content, err := encode(b)
	if err != nil {
		return activation.Answer{}, fault.New(fault.Internal, "%s: batch %d can't be written as JSON", w.Name(), b.Ordinal)
	}
	reached := false
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { reached = true }}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), http.MethodPost, w.url.String(), bytes.NewReader(content))
	if err != nil {
		return activation.Answer{}, fault.New(fault.InvalidManifest, "webhook: url can't be requested")
	}
	// Without it the transport would repeat, uncounted, a request that carries an idempotency key.
	req.GetBody = nil
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "kith")
	req.Header.Set("Idempotency-Key", b.Key)
	if w.token != "" {
		req.Header.Set("Authorization", "Bearer "+w.token)
	}
	res, err := w.client.Do(req)
	if err != nil {
		return activation.Answer{}, unanswered(err, reached)
	}
	defer func() { _ = res.Body.Close() }()
	return judge(res, len(b.Records))
}

// encode writes the records as they are: HTML escaping would change bytes between the ledger and the wire.
func encode(b activation.Batch) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(body{b.Activation, b.Run, b.Ordinal, b.Key, b.Operation, b.Records})
	return out.Bytes(), err
}

// unanswered is a request without an answer. What never got a connection was not delivered.
func unanswered(err error, reached bool) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // its text holds the URL
	}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return &activation.Failure{Kind: activation.Refuse, Err: errors.New("its TLS certificate is not trusted")}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.New("no answer in time")
	}
	return &activation.Failure{Kind: activation.Retry, Maybe: reached, Err: err}
}

func judge(res *http.Response, records int) (activation.Answer, error) {
	fail := func(kind activation.FailureKind) error {
		return &activation.Failure{Kind: kind, Status: res.StatusCode}
	}
	switch code := res.StatusCode; {
	case code >= 200 && code < 300:
		return taken(res, records)
	case code == http.StatusRequestTimeout || code == http.StatusTooManyRequests:
		return activation.Answer{}, &activation.Failure{Kind: activation.Retry, Status: code, RetryAfter: retryAfter(res, time.Now())}
	case code >= 500:
		// A server, or a proxy before it, may fail after the work was done.
		return activation.Answer{}, &activation.Failure{Kind: activation.Retry, Status: code, Maybe: true, RetryAfter: retryAfter(res, time.Now())}
	case code == http.StatusConflict:
		return activation.Answer{}, &activation.Failure{Kind: activation.Reject, Status: code, Conflict: true, RetryAfter: retryAfter(res, time.Now())}
	case code == http.StatusBadRequest || code == http.StatusRequestEntityTooLarge || code == http.StatusUnprocessableEntity:
		return activation.Answer{}, fail(activation.Reject)
	default:
		return activation.Answer{}, fail(activation.Refuse)
	}
}

type rejected struct {
	Index  *int   `json:"index"`
	Reason string `json:"reason"`
}

// taken reads whom a receiver rejected in a batch it took. An answer without a "rejected" is an acceptance, unless its status
// (207) says that not all went well; one that can't be understood is not taken for one.
func taken(res *http.Response, records int) (activation.Answer, error) {
	unclear := func(what string) error {
		return &activation.Failure{Kind: activation.Refuse, Maybe: true, Err: fmt.Errorf("status %d with %s", res.StatusCode, what)}
	}
	content, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return activation.Answer{}, &activation.Failure{Kind: activation.Retry, Maybe: true, Err: errors.New("the answer broke off")}
	}
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusMultiStatus {
		return activation.Answer{}, nil
	}
	if len(content) > maxAnswer {
		return activation.Answer{}, unclear("an answer of more than 4 MiB")
	}
	var object struct {
		Rejected json.RawMessage `json:"rejected"`
	}
	if json.Unmarshal(content, &object) != nil {
		object.Rejected = nil // text or another kind of JSON
	}
	var list []rejected
	switch string(object.Rejected) {
	case "", "null", "0", "false":
		if res.StatusCode == http.StatusMultiStatus {
			return activation.Answer{}, unclear(`no list "rejected"`)
		}
		return activation.Answer{}, nil
	default:
		if json.Unmarshal(object.Rejected, &list) != nil {
			return activation.Answer{}, unclear(`a "rejected" that is no list of {"index", "reason"}`)
		}
	}
	var out activation.Answer
	for _, r := range list {
		if r.Index == nil || *r.Index < 0 || *r.Index >= records {
			return activation.Answer{}, unclear("a rejected index that is not in the batch")
		}
		out.Rejected = append(out.Rejected, activation.Rejection{Index: *r.Index, Reason: code(r.Reason), Status: res.StatusCode})
	}
	return out, nil
}

var machineReadable = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,39}$`)

// code keeps a reason only if it looks like an identifier: free text could hold the person's data.
func code(reason string) string {
	if machineReadable.MatchString(reason) {
		return reason
	}
	return ""
}

// retryAfter reads the header in both of its forms.
func retryAfter(res *http.Response, now time.Time) time.Duration {
	h := res.Header.Get("Retry-After")
	if s, err := strconv.Atoi(h); err == nil && s > 0 && s < 1e6 {
		return time.Duration(s) * time.Second
	}
	if at, err := http.ParseTime(h); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}
