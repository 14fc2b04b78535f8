package bolt

import "fmt"

// tag tells what a message is.
type tag byte

// The client's messages.
const (
	tagNoop     tag = 0x00
	tagHello    tag = 0x01
	tagGoodbye  tag = 0x02
	tagReset    tag = 0x0F
	tagRun      tag = 0x10
	tagBegin    tag = 0x11
	tagCommit   tag = 0x12
	tagRollback tag = 0x13
	tagDiscard  tag = 0x2F
	tagPull     tag = 0x3F
	tagRoute    tag = 0x66
	tagLogon    tag = 0x6A
	tagLogoff   tag = 0x6B
)

// The server's messages.
const (
	tagSuccess tag = 0x70
	tagRecord  tag = 0x71
	tagIgnored tag = 0x7E
	tagFailure tag = 0x7F
)

// tagOf is the tag of an encoded message, whose first byte is the marker of a
// structure. Too short a message has none, and none of the table's.
func tagOf(message []byte) tag {
	if len(message) < 2 {
		return 0xFF
	}
	return tag(message[1])
}

// interrupting tells that a message takes effect when it arrives, not when
// those before it are done.
func (t tag) interrupting() bool { return t == tagReset || t == tagGoodbye }

// request is a message of the client, decoded.
type request struct {
	tag    tag
	fields []any
}

// want checks the number of fields.
func (r request) want(n int) error {
	if len(r.fields) != n {
		return fmt.Errorf("message 0x%02X has %d fields instead of %d", byte(r.tag), len(r.fields), n)
	}
	return nil
}

// dictionary is field i, which has to be a map.
func (r request) dictionary(i int) (map[string]any, error) { return field[map[string]any](r, i) }

func field[T any](r request, i int) (T, error) {
	v, ok := r.fields[i].(T)
	if !ok {
		return v, fmt.Errorf("field %d of message 0x%02X is a %T instead of a %T", i, byte(r.tag), r.fields[i], v)
	}
	return v, nil
}

// entry is an optional entry of a map; null counts as absent.
func entry[T any](m map[string]any, key string, absent T) (T, error) {
	v, ok := m[key]
	if !ok || v == nil {
		return absent, nil
	}
	t, ok := v.(T)
	if !ok {
		return absent, fmt.Errorf("entry %q is a %T instead of a %T", key, v, absent)
	}
	return t, nil
}
