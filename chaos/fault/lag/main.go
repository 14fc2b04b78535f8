// Command lag delays packets: the kernel hands it those that a rule of iptables
// sends to a queue (-j NFQUEUE --queue-num N), and it lets each go on after a time,
// in their order. It does what tc's netem does, which many kernels come without,
// and it works on connections that are open already.
//
//	nsenter --target PID --net lag -queue 4 -delay 100ms
//
// It says "ready" when it listens, and ends with its input: then the kernel lets
// packets pass (--queue-bypass).
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	queue := flag.Uint("queue", 4, "`number` of the queue")
	delay := flag.Duration("delay", 100*time.Millisecond, "how long each packet waits")
	flag.Parse()
	if err := run(uint16(*queue), *delay); err != nil {
		fmt.Fprintln(os.Stderr, "lag:", err)
		os.Exit(1)
	}
}

// waiting is how many packets may wait: a second of 16,000.
const waiting = 16_000

type packet struct {
	id  uint32
	due time.Time
}

func run(queue uint16, delay time.Duration) error {
	socket, err := open(queue)
	if err != nil {
		return err
	}
	packets := make(chan packet, waiting)
	failed := make(chan error, 2)
	go func() { failed <- release(socket, queue, packets) }()
	go func() { failed <- receive(socket, delay, packets) }()
	go func() {
		_, err := io.Copy(io.Discard, os.Stdin)
		failed <- err
	}()
	fmt.Println("ready")
	return <-failed
}

// receive reads what the kernel hands over.
func receive(socket int, delay time.Duration, packets chan<- packet) error {
	buffer := make([]byte, 1<<20)
	for {
		n, err := unix.Read(socket, buffer)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.ENOBUFS) {
			continue // of ENOBUFS packets are lost, as on any link that is too narrow
		}
		if err != nil {
			return fmt.Errorf("read the queue: %w", err)
		}
		due := time.Now().Add(delay)
		for _, id := range ids(buffer[:n]) {
			packets <- packet{id, due}
		}
	}
}

// release lets packets go on when they are due.
func release(socket int, queue uint16, packets <-chan packet) error {
	for p := range packets {
		time.Sleep(time.Until(p.due))
		if err := send(socket, accept(queue, p.id)); err != nil {
			return fmt.Errorf("release a packet: %w", err)
		}
	}
	return nil
}
