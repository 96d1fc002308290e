/** The daemon serves the library for charts under this name. */
export { default } from 'uplot';
