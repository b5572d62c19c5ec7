package apitest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"k8s.io/client-go/rest"
)

// start runs one etcd and one kube-apiserver on free loopback ports, with all that they store in a folder, and waits until they
// serve. On error it has stopped what it started. The flags are further ones of kube-apiserver.
func start(dir, bin string, flags ...string) (_ *rest.Config, _ func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, err
	}
	ports, err := freePorts(3)
	if err != nil {
		return nil, nil, err
	}
	token, err := writeCredentials(dir)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	var running []*process
	stop := func() {
		for i := len(running) - 1; i >= 0; i-- {
			running[i].stop()
		}
	}
	defer func() {
		if err != nil {
			stop()
		}
	}()
	etcd := "http://127.0.0.1:" + ports[0]
	peer := "http://127.0.0.1:" + ports[1]
	for _, command := range [][]string{
		{"etcd", "--data-dir", filepath.Join(dir, "etcd"), "--listen-client-urls", etcd, "--advertise-client-urls", etcd,
			"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "default=" + peer, "--unsafe-no-fsync"},
		append([]string{"kube-apiserver", "--etcd-servers", etcd, "--bind-address", "127.0.0.1", "--secure-port", ports[2],
			"--cert-dir", filepath.Join(dir, "certs"), "--token-auth-file", filepath.Join(dir, "tokens.csv"),
			"--authorization-mode", "RBAC", "--service-account-issuer", "https://kubernetes.default.svc",
			"--service-account-key-file", filepath.Join(dir, "sa.key"), "--service-account-signing-key-file", filepath.Join(dir, "sa.key"),
			"--service-cluster-ip-range", "198.51.100.0/24", "--allow-privileged"}, flags...),
	} {
		p, err := startProcess(filepath.Join(bin, command[0]), filepath.Join(dir, command[0]+".log"), command[1:]...)
		if err != nil {
			return nil, nil, err
		}
		running = append(running, p)
		go p.cancelOnExit(cancel)
	}
	config := &rest.Config{Host: "https://127.0.0.1:" + ports[2], BearerToken: token, QPS: -1}
	if config.CAData, err = certificate(ctx, filepath.Join(dir, "certs")); err == nil {
		err = ready(ctx, config)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%w%s", err, tails(running))
	}
	return config, stop, nil
}

// freePorts finds ports that nobody listens on now. All are held until the last is found, so they differ.
func freePorts(n int) ([]string, error) {
	var out []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = l.Close() }()
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			return nil, err
		}
		out = append(out, port)
	}
	return out, nil
}

// writeCredentials writes the key of service accounts and a token for an administrator, and returns the token.
func writeCredentials(dir string) (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(filepath.Join(dir, "sa.key"), text, 0o600); err != nil {
		return "", err
	}
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		return "", err
	}
	token := hex.EncodeToString(random)
	return token, os.WriteFile(filepath.Join(dir, "tokens.csv"), []byte(token+",admin,admin,system:masters\n"), 0o600)
}

// process is a server that a test started.
type process struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when it has ended
}

// startProcess starts a server whose output goes to a file. It dies with the test: a killed test binary leaves nothing behind.
func startProcess(path, log string, args ...string) (*process, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(path, args...), log: log, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = out, out
	dieWithParent(p.cmd)
	started := make(chan error)
	go func() {
		// Linux sends the death signal when the thread that started the child ends, so that thread is kept until the child is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer func() { _ = out.Close() }()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // how it ended shows in its log
			close(p.done)
		}
	}()
	return p, <-started
}

// cancelOnExit ends a wait for a server that is gone.
func (p *process) cancelOnExit(cancel context.CancelFunc) {
	<-p.done
	cancel()
}

// stop ends the process by its id, politely first.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(os.Interrupt)
	select {
	case <-p.done:
		return
	case <-time.After(stopWithin):
	}
	_ = p.cmd.Process.Kill()
	<-p.done
}

// tails are the last lines of the servers' logs, for the message of a failed start.
func tails(ps []*process) string {
	var b strings.Builder
	for _, p := range ps {
		text, err := os.ReadFile(p.log)
		if err != nil {
			continue
		}
		lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
		lines = lines[max(0, len(lines)-10):]
		fmt.Fprintf(&b, "\n%s:\n%s", filepath.Base(p.log), bytes.Join(lines, []byte("\n")))
	}
	return b.String()
}

// certificate waits for the certificate that the server makes for itself. The key is written after it.
func certificate(ctx context.Context, dir string) ([]byte, error) {
	for {
		if _, err := os.Stat(filepath.Join(dir, "apiserver.key")); err == nil {
			return os.ReadFile(filepath.Join(dir, "apiserver.crt"))
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for the API's certificate: %w", ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func run(path string, args ...string) (string, error) {
	cmd := exec.Command(path, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", filepath.Base(path), err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(string(out)), nil
}
