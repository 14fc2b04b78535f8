// Package record keeps the raw results of the benchmarks: lines of JSON, one for each
// measurement, after one that says of which machine. All that a report shows is made
// of them.
package record

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Line is one line: a Machine, or a measurement of one contender in one workload and
// round.
type Line struct {
	Machine *Machine `json:"machine,omitempty"`

	Began     time.Time          `json:"began,omitzero"`
	Round     int                `json:"round,omitempty"`
	Workload  string             `json:"workload,omitempty"`
	Contender string             `json:"contender,omitempty"`
	Values    map[Metric]float64 `json:"values,omitempty"`
}

// Metric names a value of a measurement. Its unit is the last part of it.
type Metric string

// Machine is what a run ran on.
type Machine struct {
	Kernel    string            `json:"kernel"`
	Processor string            `json:"processor"`
	CPUs      int               `json:"cpus"`
	Threads   int               `json:"threads"` // of each proxy
	Pinned    bool              `json:"pinned"`  // proxies have a processor of their own
	Versions  map[string]string `json:"versions"`
}

// Book is a file of lines. Its methods may be called concurrently.
type Book struct {
	mu   sync.Mutex
	file *os.File
}

// Create begins a new book in place of the one that was there.
func Create(path string) (*Book, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &Book{file: file}, nil
}

// Add writes a line.
func (b *Book) Add(line Line) error {
	raw, err := json.Marshal(line)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	_, err = b.file.Write(append(raw, '\n'))
	return err
}

// Close ends the book.
func (b *Book) Close() error { return b.file.Close() }

// ReadFile reads a book.
func ReadFile(path string) ([]Line, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines, err := Read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return lines, nil
}

// Read reads the lines of a book.
func Read(from io.Reader) (lines []Line, err error) {
	text := bufio.NewScanner(from)
	for text.Scan() {
		var line Line
		if err := json.Unmarshal(text.Bytes(), &line); err != nil {
			return nil, fmt.Errorf("line %d: %w", len(lines)+1, err)
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		return nil, errors.Join(errors.New("it is empty"), text.Err())
	}
	return lines, text.Err()
}
