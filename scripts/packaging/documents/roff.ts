/** The few requests of man(7) that our pages need. */

/** Plain text for a line of its own: nothing in it is a request. */
export function plain(text: string): string {
  const escaped = text.replaceAll('\\', '\\e').replaceAll('-', '\\-');
  return escaped.replace(/^(?=[.'])/gm, '\\&');
}

/** Text with the marks of our tables and pages: `code` is set in bold, links lose their target. */
export function marked(text: string): string {
  return plain(text.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1')).replace(/`([^`]+)`/g, '\\fB$1\\fR');
}

export function bold(text: string): string {
  return `\\fB${plain(text)}\\fR`;
}

export function italic(text: string): string {
  return `\\fI${plain(text)}\\fR`;
}

export interface PageHead {
  readonly name: string;
  readonly section: 1 | 8;
  readonly version: string;
  readonly manual: string;
  /** One phrase, for the index of pages. */
  readonly purpose: string;
}

export function pageHead({ name, section, version, manual, purpose }: PageHead): string[] {
  return [
    `.TH ${name.toUpperCase()} ${section} "" "caskd ${plain(version)}" "${plain(manual)}"`,
    ...chapter('NAME'),
    `${name} \\- ${plain(purpose)}`,
  ];
}

export function chapter(title: string): string[] {
  return [`.SH ${quoted(title)}`];
}

export function part(title: string): string[] {
  return [`.SS ${quoted(title)}`];
}

/** Paragraphs: `text` is escaped already. */
export function paragraph(...texts: readonly string[]): string[] {
  return texts.flatMap((text) => ['.PP', text]);
}

/** A term and, indented below it, what it means: both are escaped already. */
export function item(term: string, ...meaning: readonly string[]): string[] {
  const [first = '', ...further] = meaning.filter((text) => text !== '');
  return ['.TP', term, first, ...further.flatMap((text) => ['.br', text])];
}

/** Lines kept as they are. */
export function example(text: string): string[] {
  return ['.PP', '.RS 4', '.nf', plain(text), '.fi', '.RE'];
}

function quoted(title: string): string {
  return `"${plain(title).replaceAll('"', '\\(dq')}"`;
}
