package config

import "reflect"

// Under is s, and where that says nothing other; lists of both add up.
func (s Settings) Under(other Settings) Settings {
	merged, below := reflect.ValueOf(&s).Elem(), reflect.ValueOf(other)
	for i := range merged.NumField() {
		switch field, more := merged.Field(i), below.Field(i); {
		case field.IsZero():
			field.Set(more)
		case field.Kind() == reflect.Slice && !reflect.DeepEqual(field.Interface(), more.Interface()):
			field.Set(reflect.AppendSlice(reflect.AppendSlice(reflect.MakeSlice(field.Type(), 0, 0), more), field))
		}
	}
	return s
}
