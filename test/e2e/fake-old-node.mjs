// Preloaded where no older Node is installed: makes this one say that it is older. The child that
// the shim starts must not believe it.
if (process.env.CASKD_SHIM_PID === undefined) {
  Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.0.0' } });
}
