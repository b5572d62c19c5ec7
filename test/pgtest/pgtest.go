// Package pgtest starts a private PostgreSQL for tests: the server of the system's package, with its data in a temporary
// directory, reached over loopback or one more address, without durability. It ends with the test.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a running PostgreSQL.
type Server struct {
	// DSN is how the test itself connects, RemoteDSN how the client of RunAt does.
	DSN, RemoteDSN string

	t    testing.TB
	bin  string
	data string
	port int
	cmd  *exec.Cmd
}

// Start starts a server and gives the connection string of its one database.
func Start(t testing.TB) string {
	t.Helper()
	return Run(t).DSN
}

// Run starts a server that the test can also stop.
func Run(t testing.TB) *Server {
	t.Helper()
	return RunAt(t, "", "")
}

// RunAt starts a server that also listens on another address of this machine, where it lets in one client, by its address and a
// password. Both are empty for a server that only this machine reaches.
func RunAt(t testing.TB, address, client string) *Server {
	t.Helper()
	s := &Server{t: t, bin: binaries(t), port: freePort(t)}
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s.data = filepath.Join(dir, "data")
	if cred := unprivileged(t); cred != nil {
		if err := os.Chown(dir, int(cred.Uid), int(cred.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	initdb := s.command("initdb", "--pgdata", s.data, "--username", "kith", "--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	s.DSN = fmt.Sprintf("postgres://kith:secret@127.0.0.1:%d/postgres?sslmode=disable", s.port)
	listen := "127.0.0.1"
	if address != "" {
		listen += "," + address
		s.letIn(client)
	}
	s.cmd = s.command("postgres", "-D", s.data, "-p", strconv.Itoa(s.port), "-c", "listen_addresses="+listen,
		"-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=32MB")
	s.cmd.Stdout, s.cmd.Stderr = os.Stderr, os.Stderr
	if !testing.Verbose() {
		s.cmd.Stdout, s.cmd.Stderr = nil, nil
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	s.await()
	if address != "" {
		password := rand.Text()
		s.Exec(fmt.Sprintf("ALTER ROLE kith PASSWORD '%s'", password))
		s.RemoteDSN = fmt.Sprintf("postgres://kith:%s@%s/postgres?sslmode=disable", password, net.JoinHostPort(address, strconv.Itoa(s.port)))
	}
	return s
}

// letIn one more client, by its address.
func (s *Server) letIn(client string) {
	s.t.Helper()
	f, err := os.OpenFile(filepath.Join(s.data, "pg_hba.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = fmt.Fprintf(f, "host postgres kith %s/32 scram-sha-256\n", client)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// Stop ends the server at once, connections included. It may be called more than once.
func (s *Server) Stop() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGQUIT)
	_ = s.cmd.Wait()
	s.cmd = nil
}

// Exec runs statements.
func (s *Server) Exec(statements ...string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.DSN)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, q := range statements {
		if _, err := conn.Exec(ctx, q); err != nil {
			s.t.Fatalf("%s: %v", q, err)
		}
	}
}

// await waits until the server answers.
func (s *Server) await() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.DSN)
		if err == nil {
			_ = conn.Close(ctx)
			return
		}
		select {
		case <-ctx.Done():
			s.t.Fatalf("PostgreSQL does not answer: %v", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// command runs a program of PostgreSQL, as another user if this one is root, which PostgreSQL refuses.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = os.TempDir()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: unprivileged(s.t), Setpgid: true}
	return cmd
}

func unprivileged(t testing.TB) *syscall.Credential {
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatalf("PostgreSQL does not run as root, and there is no user postgres: %v", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// binaries finds the newest server of the Debian package postgresql, or one on the path.
func binaries(t testing.TB) string {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1])
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		t.Fatalf("PostgreSQL is not installed (the Debian package postgresql): %v", err)
	}
	return filepath.Dir(path)
}

func freePort(t testing.TB) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}
