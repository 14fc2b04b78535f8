package clients

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// quoted is a text within double quotes of a shell.
func quoted(text string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) }

func TestWhatIsNoHistoryIsKeptForPeople(t *testing.T) {
	f := newFeed("pod x", "")
	require.NoError(t, f.read(strings.NewReader("warning: slow\n"+header+"[#EDFA] error\n"+one+"\n\n"+strings.Repeat("again\n", 100))))
	require.Equal(t, 1, f.Acknowledged())
	require.EqualError(t, f.ended("gone"), "pod x: gone after 1 acknowledged writes; it said:\nwarning: slow\n[#EDFA] error\n\nagain")
	for n := range 100 {
		f.say(fmt.Sprintf("line %d\n", n))
	}
	require.Len(t, f.said, wordsKept)
	require.Equal(t, "line 99", f.said[wordsKept-1])
}

func TestHalfALineIsNoLine(t *testing.T) {
	f := newFeed("pod x", "")
	require.NoError(t, f.read(strings.NewReader(header+one+`[2,"r",1,1`)))
	require.Len(t, f.History().Writes, 1)
	require.NoError(t, f.read(iotest.OneByteReader(strings.NewReader(header+one+two))))
	require.Len(t, f.History().Reads, 1)
}

func TestAStreamThatBreaksIsNotADamagedLine(t *testing.T) {
	f, broken := newFeed("pod x", ""), errors.New("reset")
	err := f.read(iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
	_, beyond := errors.AsType[damaged](err)
	require.False(t, beyond)
	err = f.read(strings.NewReader(one))
	_, beyond = errors.AsType[damaged](err)
	require.True(t, beyond, "%v", err)
}
