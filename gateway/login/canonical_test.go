package login

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCanonicalOrdersMapsAndNothingElse(t *testing.T) {
	for in, out := range map[string]string{
		"\xB1\x6A\xA2\x81b\x01\x81a\x02":                           "\xB1\x6A\xA2\x81a\x02\x81b\x01",
		"\xB1\x6A\xA2\x81a\x02\x81b\x01":                           "\xB1\x6A\xA2\x81a\x02\x81b\x01",
		"\xB1\x01\xA2\x81b\xA2\x81y\xC0\x81x\xC3\x81a\x92\x02\x01": "\xB1\x01\xA2\x81a\x92\x02\x01\x81b\xA2\x81x\xC3\x81y\xC0",
		"\xD8\x02\xD0\x01b\xC9\x01\x02\xD0\x01a\xCC\x02xy":         "\xD8\x02\xD0\x01a\xCC\x02xy\xD0\x01b\xC9\x01\x02",
		"\xA2\x81b\xC1ABCDEFGH\x81a\xFF":                           "\xA2\x81a\xFF\x81b\xC1ABCDEFGH",
		// What is not understood stays as it is: a key twice, too short, too long, too
		// deep, an unknown kind, a size that is not there.
		"\xA2\x81a\x02\x81a\x01":                                  "\xA2\x81a\x02\x81a\x01",
		"\xA2\x81b\x01\x81a":                                      "\xA2\x81b\x01\x81a",
		"\xA2\x81b\x01\x81a\x01\x00":                              "\xA2\x81b\x01\x81a\x01\x00",
		strings.Repeat("\xA1\x81a", 9) + "\xA2\x81b\x01\x81a\x01": strings.Repeat("\xA1\x81a", 9) + "\xA2\x81b\x01\x81a\x01",
		"\xA2\x81b\xC4\x81a\x01":                                  "\xA2\x81b\xC4\x81a\x01",
		"\xDA\xFF\xFF\xFF\xFF":                                    "\xDA\xFF\xFF\xFF\xFF",
		"\xD9\x00":                                                "\xD9\x00",
		"":                                                        "",
	} {
		require.Equal(t, out, string(canonical([]byte(in))), "% X", in)
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add([]byte("\xB1\x6A\xA2\x81b\x01\x81a\x02"))
	f.Add([]byte("\xD8\x02\xD0\x01b\xC9\x01\x02\xD0\x01a\xCC\x02xy"))
	f.Fuzz(func(t *testing.T, p []byte) {
		before := string(p)
		once := canonical(p)
		require.Equal(t, before, string(p), "the message itself is still to be sent")
		require.Len(t, once, len(p))
		require.Equal(t, once, canonical(once))
	})
}
