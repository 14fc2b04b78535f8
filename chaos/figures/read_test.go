package figures

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestALineThatNoRoundCanHaveWrittenIsRefusedWithItsNumber(t *testing.T) {
	const good = `{"fault":"kill","way":"native","verdict":"passed"}`
	for line, want := range map[string]string{
		`{"fault":"kill","way":"native","verdict":"passed","write_gap":1}`:        "line 2: json: unknown field",
		`{"way":"native","verdict":"passed"}`:                                     "line 2: it names no fault",
		`{"fault":"kill","way":"other","verdict":"passed"}`:                       `way "other" is neither native nor mesh`,
		`{"fault":"kill","way":"native","verdict":"green"}`:                       `verdict "green" is none of`,
		`{"fault":"kill","way":"native","verdict":"void"}`:                        "does not say why",
		`{"fault":"kill","way":"mesh","verdict":"passed","write_gap_seconds":-1}`: "a time is negative",
		`{"fault":"kill","way":"mesh"`:                                            "line 2: unexpected EOF",
	} {
		_, err := Read(strings.NewReader(good + "\n" + line + "\n"))
		require.ErrorContains(t, err, want)
	}
	rounds, err := Read(strings.NewReader(good + "\n\n" + good))
	require.NoError(t, err)
	require.Len(t, rounds, 2)
	rounds, err = Read(strings.NewReader(`{"fault":"kill","verdict":"passed"}`))
	require.NoError(t, err)
	require.Equal(t, Native, rounds[0].Way, "who does not say is native")
}
