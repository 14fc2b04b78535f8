package memgraph

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNumberOfARefusedRegister(t *testing.T) {
	for text, number := range map[string]int{
		"Couldn't register replica b. Error: 1":                                         1,
		"Couldn't register replica error_3. Error: 6":                                   6,
		"couldn't register replica b (error 5)":                                         5,
		"Couldn't register replica b.":                                                  0,
		"Couldn't register replica memgraph_7":                                          0,
		"Error on line 1 position 18. The underlying parsing error is mismatched input": 0,
		"Error: 99999999999999999999":                                                   0,
	} {
		require.Equal(t, number, (&Failure{Text: text}).number(), text)
	}
}

func TestRefusalsThatPass(t *testing.T) {
	for _, text := range []string{
		"Couldn't set replication role to main!",
		"Couldn't set role to replica!",
		"Failed to unregister replica due to lack of unique access over the cluster state. Please try again later on.",
		"Multiple concurrent system queries are not supported.",
		"Cannot get shared access to the storage. Try stopping other parallel queries.",
		"a text that no version has had yet",
	} {
		require.True(t, (&Failure{Text: text}).passing(), text)
	}
	require.False(t, (&Failure{Code: "Memgraph.ClientError.Security.Unauthenticated", Text: "Authentication failure"}).passing())
}

func TestHopelessPartsAreInLowerCase(t *testing.T) {
	for _, part := range hopeless {
		require.Equal(t, strings.ToLower(part), part, "it would never be found")
	}
}

func FuzzFailure(f *testing.F) {
	f.Add("Couldn't register replica b. Error: 1")
	f.Fuzz(func(t *testing.T, text string) {
		failure := &Failure{Text: text}
		require.GreaterOrEqual(t, failure.number(), 0)
		if failure.syntax() {
			require.False(t, failure.passing(), "a syntax error does not pass by waiting")
		}
	})
}
