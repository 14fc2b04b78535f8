package boltclient

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"

	"memgraph-controller/clusters/standin/bolt"
	"memgraph-controller/clusters/standin/bolt/packstream"
)

// The server's messages that are told apart by their tag; SUCCESS and RECORD are
// by what they hold.
const (
	tagIgnored = 0x7E
	tagFailure = 0x7F
)

// handshake proposes Bolt 5.2 and nothing else.
func handshake() []byte {
	hello := make([]byte, 20)
	copy(hello, []byte{0x60, 0x60, 0xB0, 0x17, 0, 0, 2, 5})
	return hello
}

func chosen() [4]byte { return [4]byte{0, 0, 2, 5} }

// message is one message of the client.
type message struct {
	tag    byte
	fields []any
}

type object = map[string]any

func hello() message  { return message{0x01, []any{object{"user_agent": "simulation/1"}}} }
func logon() message  { return message{0x6A, []any{object{"scheme": "none"}}} }
func reset() message  { return message{0x0F, nil} }
func begin() message  { return message{0x11, []any{object{}}} }
func commit() message { return message{0x12, nil} }
func pull() message   { return message{0x3F, []any{object{"n": -1}}} }
func run(query string, p Parameters) message {
	if p == nil {
		p = Parameters{}
	}
	return message{0x10, []any{query, p, object{}}}
}

// ask sends messages in one write, as drivers do, and reads the answers to them
// all. The first failure is returned, after the session was reset.
func (c *Client) ask(messages ...message) (rows []map[string]any, err error) {
	var out []byte
	for _, m := range messages {
		if out, err = appendMessage(out, m); err != nil {
			return nil, err
		}
	}
	if _, err := c.conn.Write(out); err != nil {
		return nil, err
	}
	var failure *bolt.Failure
	var columns []any
	for range messages {
		switch failed, err := c.answer(&columns, &rows); {
		case err != nil:
			return nil, err
		case failure == nil:
			failure = failed
		}
	}
	if failure == nil {
		return rows, nil
	}
	if _, err := c.ask(reset()); err != nil {
		return nil, err
	}
	return nil, failure
}

// answer reads records up to the end of one answer.
func (c *Client) answer(columns *[]any, rows *[]map[string]any) (*bolt.Failure, error) {
	for {
		m, err := c.next()
		switch {
		case err != nil:
			return nil, err
		case m.Tag == tagIgnored:
			return nil, nil
		case len(m.Fields) != 1:
			return nil, fmt.Errorf("a message 0x%02X with %d fields", m.Tag, len(m.Fields))
		}
		switch content := m.Fields[0].(type) {
		case []any:
			*rows = append(*rows, rowOf(*columns, content))
		case object:
			if m.Tag == tagFailure {
				return &bolt.Failure{Code: text(content["code"]), Message: text(content["message"])}, nil
			}
			if fields, ok := content["fields"].([]any); ok {
				*columns = fields
			}
			return nil, nil
		default:
			return nil, fmt.Errorf("a message 0x%02X with a %T", m.Tag, content)
		}
	}
}

func rowOf(columns, values []any) map[string]any {
	row := make(map[string]any, len(values))
	for i := range min(len(columns), len(values)) {
		row[text(columns[i])] = values[i]
	}
	return row
}

func text(v any) string { s, _ := v.(string); return s }

// next reads one message.
func (c *Client) next() (packstream.Struct, error) {
	var payload []byte
	for {
		var head [2]byte
		if _, err := io.ReadFull(c.from, head[:]); err != nil {
			return packstream.Struct{}, err
		}
		size := int(binary.BigEndian.Uint16(head[:]))
		if size == 0 {
			return packstream.Decode(payload)
		}
		start := len(payload)
		payload = slices.Grow(payload, size)[:start+size]
		if _, err := io.ReadFull(c.from, payload[start:]); err != nil {
			return packstream.Struct{}, err
		}
	}
}

// appendMessage appends a message in chunks.
func appendMessage(out []byte, m message) ([]byte, error) {
	payload, err := packstream.AppendStruct(nil, m.tag, packstream.V5, m.fields...)
	if err != nil {
		return nil, err
	}
	for part := range slices.Chunk(payload, math.MaxUint16) {
		out = binary.BigEndian.AppendUint16(out, uint16(len(part)))
		out = append(out, part...)
	}
	return append(out, 0, 0), nil
}
