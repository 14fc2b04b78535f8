package backup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"
)

// accepted is the answer to a backup that is in its place; any other is what went wrong.
const accepted = "accepted"

// Await waits at a socket until somebody has brought a backup (Forward) and makes the data
// directory out of it. A backup that does not arrive whole is refused, and the next one is
// waited for.
func Await(ctx context.Context, socket, data string, log *slog.Logger) (Manifest, error) {
	if err := os.RemoveAll(socket); err != nil { // of a process that was killed
		return Manifest{}, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", socket)
	if err != nil {
		return Manifest{}, err
	}
	defer listener.Close()
	defer context.AfterFunc(ctx, func() { _ = listener.Close() })()
	for {
		connection, err := listener.Accept()
		if err != nil {
			return Manifest{}, errors.Join(ctx.Err(), err)
		}
		m, brought, err := accept(ctx, connection, data)
		switch {
		case !brought: // somebody wanted to know whether anybody waits
		case err == nil:
			return m, nil
		default:
			log.Warn("a backup was refused, and another one is waited for", "error", err)
		}
	}
}

// accept takes one backup, and answers.
func accept(ctx context.Context, connection net.Conn, data string) (m Manifest, brought bool, err error) {
	defer connection.Close()
	defer context.AfterFunc(ctx, func() { _ = connection.Close() })()
	reader := bufio.NewReader(connection)
	if _, err := reader.Peek(1); err != nil {
		return m, false, err
	}
	answer := accepted
	if m, err = Restore(reader, data); err != nil {
		answer = strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	_, _ = fmt.Fprintln(connection, answer) // whoever has gone asks the controller what became of it
	return m, true, err
}

// Forward brings what it reads to whoever waits at a socket. With nothing to read, a nil
// stream, it only tells whether anybody does.
func Forward(ctx context.Context, socket string, stream io.Reader) error {
	connection, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "unix", socket)
	if err != nil {
		return fmt.Errorf("nobody waits for a backup here: %w", err)
	}
	defer connection.Close()
	if stream == nil {
		return nil
	}
	defer context.AfterFunc(ctx, func() { _ = connection.Close() })()
	sent := make(chan error, 1)
	go func() {
		_, err := io.Copy(connection, stream)
		if err == nil {
			err = connection.(*net.UnixConn).CloseWrite()
		}
		sent <- err
	}()
	answer, err := bufio.NewReader(connection).ReadString('\n')
	switch answer = strings.TrimSpace(answer); {
	case answer == accepted:
		return nil
	case answer != "":
		return errors.New(answer)
	}
	select {
	case broken := <-sent:
		err = errors.Join(err, broken)
	default:
	}
	return errors.Join(fmt.Errorf("there was no answer: %w", err), ctx.Err())
}
