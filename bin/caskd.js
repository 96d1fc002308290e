#!/usr/bin/env node
import { launch } from './launch.js';

await launch('daemon', import.meta.url);
