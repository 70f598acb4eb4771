package view

import (
	"bytes"
	"reflect"
	"syscall"
	"testing"
)

// fill makes every part of a value non-zero, and gives texts bytes that are not UTF-8.
func fill(v reflect.Value, n *int64) {
	*n++
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(-*n)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(uint64(*n % 200))
	case reflect.String:
		v.SetString("a\x00\xff\xfe\n" + string(rune(*n)))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(value, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	}
}

// The received value equals the one sent; a truncated one is an error.
func TestWire(t *testing.T) {
	var job Job
	var n int64
	fill(reflect.ValueOf(&job).Elem(), &n)
	m := message{Failure: &failure{Kind: "exec", Path: "/\xff", Errno: syscall.ENOENT}, Ended: true, Status: 256}
	var sent bytes.Buffer
	for _, value := range []any{job, Job{}, m, message{}} {
		if err := send(&sent, value); err != nil {
			t.Fatal(err)
		}
	}
	whole := bytes.Clone(sent.Bytes())
	var jobs [2]Job
	var messages [2]message
	for _, to := range []any{&jobs[0], &jobs[1], &messages[0], &messages[1]} {
		if err := receive(&sent, to); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(jobs, [2]Job{job, {}}) || !reflect.DeepEqual(messages, [2]message{m, {}}) {
		t.Errorf("received %+v %+v", jobs, messages)
	}
	for i := range 200 {
		if receive(bytes.NewReader(whole[:i]), new(Job)) == nil {
			t.Fatalf("%d bytes are a job", i)
		}
	}
	altered := bytes.Clone(whole)
	for i := 8; i < len(altered); i++ {
		altered[i] ^= 0xff
		receive(bytes.NewReader(altered), new(Job)) // ends
		altered[i] = whole[i]
	}
}
