package cli

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatTakesLongIsMentionedAndWhatDoesNotIsNot(t *testing.T) {
	cases := map[time.Duration]string{
		999 * time.Millisecond: "",
		2 * time.Second:        "asking (1s)\n",
		12 * time.Second:       "asking (1s)\nasking (6s)\nasking (11s)\n",
	}
	for takes, want := range cases {
		synctest.Test(t, func(t *testing.T) {
			var said bytes.Buffer
			failed := errors.New("no")
			err := (&Terminal{Err: &said}).during("asking", func() error {
				time.Sleep(takes)
				return failed
			})
			require.Equal(t, failed, err)
			require.Equal(t, want, said.String())
		})
	}
}
