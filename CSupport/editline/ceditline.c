#include "ceditline.h"

#include <histedit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct cs_editor {
  EditLine *line;
  History *history;
  void *context;
  int (*read)(void *context, wchar_t *character);
  int (*complete)(void *context);
  char prompt[256];
};

enum { remembered_lines = 1000 };

static struct cs_editor *editor_of(EditLine *line) {
  void *editor = NULL;
  el_get(line, EL_CLIENTDATA, &editor);
  return editor;
}

static char *prompt_of(EditLine *line) { return editor_of(line)->prompt; }

static int next_character(EditLine *line, wchar_t *character) {
  struct cs_editor *editor = editor_of(line);
  return editor->read(editor->context, character);
}

static unsigned char complete(EditLine *line, int character) {
  struct cs_editor *editor = editor_of(line);
  (void)character;
  return editor->complete(editor->context) ? CC_REFRESH : CC_REFRESH_BEEP;
}

struct cs_editor *cs_editor_open(const char *program, void *context,
                                 int (*read)(void *context, wchar_t *character),
                                 int (*complete_word)(void *context)) {
  struct cs_editor *editor = calloc(1, sizeof *editor);
  HistEvent event;
  if (editor == NULL)
    return NULL;
  editor->context = context;
  editor->read = read;
  editor->complete = complete_word;
  editor->line = el_init(program, stdin, stdout, stderr);
  editor->history = history_init();
  if (editor->line == NULL || editor->history == NULL) {
    cs_editor_close(editor);
    return NULL;
  }
  history(editor->history, &event, H_SETSIZE, remembered_lines);
  history(editor->history, &event, H_SETUNIQUE, 1);
  el_set(editor->line, EL_CLIENTDATA, editor);
  el_set(editor->line, EL_SIGNAL, 0);
  el_set(editor->line, EL_PROMPT, prompt_of);
  el_set(editor->line, EL_EDITOR, "emacs");
  el_set(editor->line, EL_HIST, history, editor->history);
  el_set(editor->line, EL_ADDFN, "complete-word", "Complete a word", complete);
  el_set(editor->line, EL_BIND, "^I", "complete-word", NULL);
  el_set(editor->line, EL_BIND, "^R", "em-inc-search-prev", NULL);
  el_set(editor->line, EL_BIND, "^W", "ed-delete-prev-word", NULL);
  // The user's own bindings (editrc(5)) come last.
  el_source(editor->line, NULL);
  el_set(editor->line, EL_GETCFN, next_character);
  return editor;
}

void cs_editor_close(struct cs_editor *editor) {
  if (editor->line != NULL)
    el_end(editor->line);
  if (editor->history != NULL)
    history_end(editor->history);
  free(editor);
}

void cs_editor_set_prompt(struct cs_editor *editor, const char *prompt) {
  snprintf(editor->prompt, sizeof editor->prompt, "%s", prompt);
}

const char *cs_editor_line(struct cs_editor *editor, int *count) {
  return el_gets(editor->line, count);
}

const char *cs_editor_text(struct cs_editor *editor, size_t *count, size_t *cursor) {
  const LineInfo *info = el_line(editor->line);
  *count = (size_t)(info->lastchar - info->buffer);
  *cursor = (size_t)(info->cursor - info->buffer);
  return info->buffer;
}

void cs_editor_insert(struct cs_editor *editor, const char *text) {
  el_insertstr(editor->line, text);
}

void cs_editor_delete(struct cs_editor *editor, int count) { el_deletestr(editor->line, count); }

void cs_editor_refresh(struct cs_editor *editor) { el_set(editor->line, EL_REFRESH); }

void cs_editor_resize(struct cs_editor *editor) { el_resize(editor->line); }

void cs_editor_remember(struct cs_editor *editor, const char *line) {
  HistEvent event;
  history(editor->history, &event, H_ENTER, line);
}

int cs_character_columns(wchar_t character) { return wcwidth(character); }

int cs_terminal_columns(int descriptor) {
  struct winsize size;
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
