#!/usr/bin/env node
import { launch } from './launch.js';

await launch('shell', import.meta.url);
