// Package wire has the messages of the benchmarks: a query in Bolt and its answer.
//
// They are what a driver and a server say in the simplest case, because a gateway
// that tracks Bolt looks into them: 20 and 4 bytes of handshake, then for each query
// RUN and PULL in one piece, answered by SUCCESS, rows and SUCCESS. How many rows
// are wanted stands in PULL, so that the answering server needs to decode nothing
// but four bytes at a known place.
package wire

import "encoding/binary"

// Handshake opens a connection: the magic, a proposal of Bolt 5.2 and three empty
// ones. Version is the answer to it.
const (
	Handshake = "\x60\x60\xB0\x17\x00\x00\x02\x05" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	Version   = "\x00\x00\x02\x05"
)

// The parts of messages, in PackStream. A message here is one chunk: its length in
// two bytes, its content, and two zeros.
const (
	run  = "\xB3\x10\xD0\x2BMATCH (p:Person {id: $id}) RETURN p.name, 1" + "\xA1\x82id\xCA\x00\x01\xE2\x40" + "\xA0"
	pull = "\xB1\x3F\xA1\x81n\xCA" // and the number of rows in four bytes
	head = "\xB1\x70\xA2\x86fields\x92\x86p.name\x811\x87t_first\x01"
	row  = "\xB1\x71\x91\xD0\x37" + "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	tail = "\xB1\x70\xA2\x84type\x81r\x88has_more\xC2"
)

// frame is what a message has around its content.
const frame = 4

// Sizes in bytes. A row is as long as the rows of BenchmarkBulk in package gateway.
const (
	RequestSize = len(run) + frame + len(pull) + 4 + frame
	RowSize     = len(row) + frame
	ends        = len(head) + frame + len(tail) + frame
)

// AnswerSize is how long an answer of some rows is.
func AnswerSize(rows int) int { return ends + rows*RowSize }

// Request asks for rows.
func Request(rows int) []byte {
	count := binary.BigEndian.AppendUint32(nil, uint32(rows))
	return append(message(nil, run), message(nil, pull+string(count))...)
}

// Rows is how many rows a request asks for.
func Rows(request []byte) int {
	return int(binary.BigEndian.Uint32(request[RequestSize-6:]))
}

// Head appends the beginning of an answer.
func Head(to []byte) []byte { return message(to, head) }

// Row appends a row of it.
func Row(to []byte) []byte { return message(to, row) }

// Tail appends its end.
func Tail(to []byte) []byte { return message(to, tail) }

func message(to []byte, content string) []byte {
	to = binary.BigEndian.AppendUint16(to, uint16(len(content)))
	to = append(to, content...)
	return append(to, 0, 0)
}
