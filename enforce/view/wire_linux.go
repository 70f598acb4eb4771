package view

import (
	"encoding/binary"
	"errors"
	"io"
	"reflect"
)

// This program sends a value to itself as its parts, one after the other: numbers as
// varints, and texts, which can be any bytes, after their length. encoding/gob would add
// half a millisecond to every start of purity; JSON cannot hold arbitrary bytes.

var errWire = errors.New("cut short")

// maxWire is more than a command line and its environment can be (execve(2)).
const maxWire = 256 << 20

// send writes a value at once.
func send(w io.Writer, value any) error {
	_, err := w.Write(packed(value, 256))
	return err
}

// packed returns a value with its length before it. size is a guess at the bytes.
func packed(value any, size int) []byte {
	data := pack(make([]byte, 8, size), reflect.ValueOf(value))
	binary.LittleEndian.PutUint64(data, uint64(len(data)-8))
	return data
}

// receive reads a sent value into the one that to points to, which is zero.
func receive(r io.Reader, to any) error {
	var length [8]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return err
	}
	size := binary.LittleEndian.Uint64(length[:])
	if size > maxWire {
		return errWire
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(r, data); err != nil {
		return err
	}
	rest, err := unpack(data, reflect.ValueOf(to).Elem())
	if err == nil && len(rest) > 0 {
		err = errWire
	}
	return err
}

func pack(data []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			return append(data, 1)
		}
		return append(data, 0)
	case reflect.Int, reflect.Int32, reflect.Int64:
		return binary.AppendVarint(data, v.Int())
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return binary.AppendUvarint(data, v.Uint())
	case reflect.String:
		return append(binary.AppendUvarint(data, uint64(v.Len())), v.String()...)
	case reflect.Slice:
		data = binary.AppendUvarint(data, uint64(v.Len()))
		for i := range v.Len() {
			data = pack(data, v.Index(i))
		}
	case reflect.Map:
		data = binary.AppendUvarint(data, uint64(v.Len()))
		for _, key := range v.MapKeys() {
			data = pack(pack(data, key), v.MapIndex(key))
		}
	case reflect.Pointer:
		if v.IsNil() {
			return append(data, 0)
		}
		return pack(append(data, 1), v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			data = pack(data, v.Field(i))
		}
	default:
		panic("view: nothing is sent that is a " + v.Type().String()) // a test finds it first
	}
	return data
}

// unpack sets v and returns the rest of data.
func unpack(data []byte, v reflect.Value) ([]byte, error) {
	var n uint64
	switch v.Kind() {
	case reflect.Int, reflect.Int32, reflect.Int64:
		n, used := binary.Varint(data)
		if used <= 0 || v.OverflowInt(n) {
			return nil, errWire
		}
		v.SetInt(n)
		return data[used:], nil
	case reflect.Struct:
		var err error
		for i := 0; i < v.NumField() && err == nil; i++ {
			data, err = unpack(data, v.Field(i))
		}
		return data, err
	default: // a number, or the count of parts that follow
		var used int
		if n, used = binary.Uvarint(data); used <= 0 {
			return nil, errWire
		}
		data = data[used:]
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(n != 0)
		return data, nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if v.OverflowUint(n) {
			return nil, errWire
		}
		v.SetUint(n)
		return data, nil
	}
	if n > uint64(len(data)) { // each takes a byte at least
		return nil, errWire
	}
	return unpackMany(data, v, int(n))
}

// unpackMany sets v to n parts.
func unpackMany(data []byte, v reflect.Value, n int) (rest []byte, err error) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(string(data[:n]))
		return data[n:], nil
	case reflect.Slice:
		if n > 0 { // nil stays nil
			v.Set(reflect.MakeSlice(v.Type(), n, n))
		}
		for i := 0; i < n && err == nil; i++ {
			data, err = unpack(data, v.Index(i))
		}
	case reflect.Map:
		if n > 0 {
			v.Set(reflect.MakeMapWithSize(v.Type(), n))
		}
		for i := 0; i < n && err == nil; i++ {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			if data, err = unpack(data, key); err == nil {
				data, err = unpack(data, value)
			}
			v.SetMapIndex(key, value)
		}
	case reflect.Pointer:
		if n > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			return unpack(data, v.Elem())
		}
	default:
		panic("view: nothing is received that is a " + v.Type().String())
	}
	return data, err
}
