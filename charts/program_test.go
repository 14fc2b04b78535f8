package charts_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/images"
)

// started runs the controller program as a container would. Outside of a cluster
// it goes no further than to look for the API server, which it does after it has
// read all arguments.
func started(t *testing.T, c corev1.Container) error {
	t.Helper()
	program := command.New("memgraph-controller", c.Args...)
	program.Env = append([]string{"KUBERNETES_SERVICE_HOST=", "KUBERNETES_SERVICE_PORT="}, environment(c)...)
	_, err := run(t, program)
	return err
}

func TestTheControllerTakesItsArguments(t *testing.T) {
	forEachValueSet(t, func(t *testing.T, m manifest) {
		require.ErrorContains(t, started(t, m.controllerPod(t).Spec.Containers[0]), "connect to the API server")
	})
}

func TestTheInitContainerTakesItsArguments(t *testing.T) {
	forEachValueSet(t, func(t *testing.T, m manifest) {
		pod, ok := m.databasePod()
		if !ok {
			t.Skip("the database is not the chart's")
		}
		require.ErrorContains(t, started(t, pod.Spec.InitContainers[0]), "connect to the API server")
	})
}

func TestTheJobsThatBackUpAndRestoreTakeTheirArguments(t *testing.T) {
	taken := map[string]int{}
	forEachValueSet(t, func(t *testing.T, m manifest) {
		for _, job := range m.jobs() {
			c := job.Spec.Template.Spec.Containers[0]
			taken[c.Args[1]]++
			require.ErrorContains(t, started(t, c), "connect to the API server")
		}
	})
	if !testing.Short() { // which renders none
		require.Positive(t, taken["run"])
		require.Positive(t, taken["restore"])
	}
}

// What the tests above rest on: the program does tell wrong arguments from right ones.
func TestTheControllerRefusesAFlagThatItDoesNotKnow(t *testing.T) {
	container := render(t).controllerPod(t).Spec.Containers[0]
	container.Args = append(container.Args, "--no-such-flag=1")
	require.ErrorContains(t, started(t, container), "unknown flag --no-such-flag")
	container.Args = []string{"run"}
	require.ErrorContains(t, started(t, container), "missing flags")
}

func TestTheStandInStartsWithTheDatabasesArguments(t *testing.T) {
	forEachValueSet(t, func(t *testing.T, m manifest) {
		pod, ok := m.databasePod()
		if !ok {
			t.Skip("the database is not the chart's")
		}
		database := pod.Spec.Containers[0]
		port := freePort(t)
		args := append(database.Args, "--data-directory="+t.TempDir(), "--bolt-port="+port)
		if slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "--bolt-cert-file=") }) {
			cert, key := certificate(t)
			args = append(args, "--bolt-cert-file="+cert, "--bolt-key-file="+key)
		}
		program := exec.CommandContext(t.Context(), bin("memgraph-standin"), args...)
		program.Env = environment(database)
		var said strings.Builder
		program.Stderr = &said
		require.NoError(t, program.Start())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = program.Wait() // it is killed below, and what it says tells more
		}()
		defer func() {
			_ = program.Process.Kill()
			<-ended
		}()
		served := false
		require.Eventually(t, func() bool {
			select {
			case <-ended:
				return true
			default:
			}
			served = accepts(port)
			return served
		}, 20*time.Second, 20*time.Millisecond)
		if !served {
			require.FailNow(t, "the stand-in has ended", said.String())
		}
	})
}

// certificate stands for the Secret that the pod mounts.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, secret.Public(), secret)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(secret)
	require.NoError(t, err)
	cert, key = filepath.Join(t.TempDir(), "tls.crt"), filepath.Join(t.TempDir(), "tls.key")
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), 0o600))
	return cert, key
}

func accepts(port string) bool {
	connection, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", port), time.Second)
	if err != nil {
		return false
	}
	connection.Close()
	return true
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

// People copy them out of the terminal.
func TestTheCommandsThatTheNotesAndTheReadmeNameExist(t *testing.T) {
	pattern := regexp.MustCompile(`-- /memgraph-controller ([a-z-]+)`)
	for _, file := range []string{"templates/NOTES.txt", "README.md"} {
		page, err := os.ReadFile(filepath.Join(chart, file))
		require.NoError(t, err)
		commands := pattern.FindAllSubmatch(page, -1)
		require.Len(t, commands, 2, file)
		for _, c := range commands {
			_, err := run(t, command.New("memgraph-controller", string(c[1]), "--help"))
			require.NoError(t, err)
		}
	}
	_, err := run(t, command.New("memgraph-controller", "no-such-command", "--help"))
	require.Error(t, err, "what this test rests on")
}

// The images that are built here run as the chart has it, and so does Memgraph's
// own, after which the stand-in's is made.
func TestProgramsAndUsersAreThoseOfTheImages(t *testing.T) {
	forEachValueSet(t, func(t *testing.T, m manifest) {
		require.Equal(t, images.Controller().User, user(m.controllerPod(t).Spec))
		require.Empty(t, m.controllerPod(t).Spec.Containers[0].Command, "the image's entry point is the program")
		pod, ok := m.databasePod()
		if !ok {
			return
		}
		require.Equal(t, images.StandIn().User, user(pod.Spec))
		require.Equal(t, []string{images.StandIn().At}, pod.Spec.Containers[0].Command)
		require.Equal(t, *pod.Spec.SecurityContext.RunAsGroup, *pod.Spec.SecurityContext.FSGroup, "the user may write to the volume")
	})
}

func user(pod corev1.PodSpec) string {
	s := pod.SecurityContext
	return strconv.FormatInt(*s.RunAsUser, 10) + ":" + strconv.FormatInt(*s.RunAsGroup, 10)
}
