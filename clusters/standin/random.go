package standin

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"time"
)

// chance hands out uuids and random times.
type chance struct {
	mu     sync.Mutex
	source io.Reader
}

func (c *chance) bytes(n int) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := make([]byte, n)
	if _, err := io.ReadFull(c.source, b); err != nil {
		panic(fmt.Sprintf("standin: Config.Random: %v", err))
	}
	return b
}

// uuid returns a random uuid (version 4).
func (c *chance) uuid() string {
	b := c.bytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// between returns a time in [low, high].
func (c *chance) between(low, high time.Duration) time.Duration {
	if high <= low {
		return low
	}
	return low + time.Duration(binary.LittleEndian.Uint64(c.bytes(8))%uint64(high-low+1))
}
