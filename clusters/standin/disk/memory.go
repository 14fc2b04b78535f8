package disk

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

// Memory is a disk in memory. The zero value is empty and ready for use.
type Memory struct {
	mu    sync.Mutex
	files map[string]*content
}

// content is a file; data[:synced] survives a power loss.
type content struct {
	data   []byte
	synced int
}

// PowerLoss forgets everything that was written since each file's last sync.
// Call it while nothing uses the disk, after the instance was killed.
func (m *Memory) PowerLoss() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.files {
		c.data = c.data[:c.synced]
	}
}

// Append implements Disk.
func (m *Memory) Append(name string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.files[name]
	if c == nil {
		c = &content{}
		m.put(name, c)
	}
	return &memoryFile{disk: m, content: c}, nil
}

// Read implements Disk.
func (m *Memory) Read(name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.files[name]
	if c == nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	return bytes.Clone(c.data), nil
}

// Replace implements Disk.
func (m *Memory) Replace(name string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(name, &content{data: bytes.Clone(data), synced: len(data)})
	return nil
}

// List implements Disk.
func (m *Memory) List(folder string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for name := range m.files {
		if dir, base := path.Split(name); strings.TrimSuffix(dir, "/") == folder {
			names = append(names, base)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Remove implements Disk.
func (m *Memory) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, name)
	return nil
}

// Rename implements Disk.
func (m *Memory) Rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.files[from]
	if c == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	delete(m.files, from)
	m.put(to, c)
	return nil
}

func (m *Memory) put(name string, c *content) {
	if m.files == nil {
		m.files = map[string]*content{}
	}
	m.files[name] = c
}

type memoryFile struct {
	disk    *Memory
	content *content
	closed  bool
}

func (f *memoryFile) Write(data []byte) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.closed {
		return 0, fmt.Errorf("write: %w", fs.ErrClosed)
	}
	f.content.data = append(f.content.data, data...)
	return len(data), nil
}

func (f *memoryFile) Sync() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.closed {
		return fmt.Errorf("sync: %w", fs.ErrClosed)
	}
	f.content.synced = len(f.content.data)
	return nil
}

func (f *memoryFile) Close() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	f.closed = true
	return nil
}
