#pragma once
// libedit, as far as a shell needs it: its own functions are variadic. No logic.

#include <stddef.h>
#include <wchar.h>

struct cs_editor;

// What a read callback gives: a character, the end of input, or that the line is given up.
enum { CS_READ_CHARACTER = 1, CS_READ_END = 0, CS_READ_GIVEN_UP = -1 };

// An editor on the process's terminal; NULL if there is none that it can use.
// `read` gives the next character; `complete` is called for Tab and returns whether it did something.
struct cs_editor *cs_editor_open(const char *program, void *context,
                                 int (*read)(void *context, wchar_t *character),
                                 int (*complete)(void *context));
void cs_editor_close(struct cs_editor *editor);

void cs_editor_set_prompt(struct cs_editor *editor, const char *prompt);

// Edits one line: its bytes with the newline, until the next call; NULL if there is none.
const char *cs_editor_line(struct cs_editor *editor, int *count);

// The line as it is now, and how many of its bytes are before the cursor.
const char *cs_editor_text(struct cs_editor *editor, size_t *count, size_t *cursor);
void cs_editor_insert(struct cs_editor *editor, const char *text);
// Deletes bytes before the cursor.
void cs_editor_delete(struct cs_editor *editor, int count);
// Shows prompt and line anew, from where the terminal's cursor is.
void cs_editor_refresh(struct cs_editor *editor);
// The terminal has another size now.
void cs_editor_resize(struct cs_editor *editor);
void cs_editor_remember(struct cs_editor *editor, const char *line);

// wcwidth(3).
int cs_character_columns(wchar_t character);

// Columns of the terminal that a descriptor is; 0 if that is not known.
int cs_terminal_columns(int descriptor);
