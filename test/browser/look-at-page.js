// Runs within the page; what it gives is a list of flaws.
(() => {
  const flaws = [];
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true });
  const nameOf = (element) =>
    `${element.localName}${element.id ? `#${element.id}` : ''} "${element.textContent.trim().slice(0, 30)}"`;

  // --- contrast ---

  const parse = (colour) => {
    const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
    return { red, green, blue, alpha };
  };
  const over = (top, ground) => {
    const mix = (name) => top[name] * top.alpha + ground[name] * (1 - top.alpha);
    return { red: mix('red'), green: mix('green'), blue: mix('blue'), alpha: 1 };
  };
  const groundOf = (element) => {
    if (element === null) return { red: 255, green: 255, blue: 255, alpha: 1 };
    const own = parse(getComputedStyle(element).backgroundColor);
    return own.alpha === 1 ? own : over(own, groundOf(element.parentElement));
  };
  const luminance = ({ red, green, blue }) => {
    const linear = (value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const hasText = (element) =>
    [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '') ||
    element.matches('input, textarea, select');

  const lookAtText = (element) => {
    const style = getComputedStyle(element);
    const ground = groundOf(element);
    const colour = element.namespaceURI.endsWith('svg') ? style.fill : style.color;
    const ratio = contrast(over(parse(colour), ground), ground);
    const size = Number.parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) flaws.push(`contrast ${ratio.toFixed(2)}: ${nameOf(element)}`);
  };

  const lookAtEdge = (element) => {
    const around = groundOf(element.parentElement);
    const ratio = contrast(over(parse(getComputedStyle(element).borderTopColor), around), around);
    if (ratio < 3) flaws.push(`edge ${ratio.toFixed(2)}: ${nameOf(element)}`);
  };

  // --- names ---

  const lookAtName = (element) => {
    const isNamed =
      element.hasAttribute('aria-label') ||
      [...(element.labels ?? [])].some((label) => label.textContent.trim() !== '') ||
      (element.matches('button') && element.textContent.trim() !== '');
    if (!isNamed) flaws.push(`no name: ${element.outerHTML.slice(0, 80)}`);
  };

  const shown = [...document.body.querySelectorAll('*')].filter(isShown);
  const enabled = shown.filter((element) => !element.matches(':disabled, option'));
  for (const element of enabled.filter(hasText)) lookAtText(element);
  const fields = 'textarea, select, input:not([type="radio"], [type="checkbox"])';
  for (const element of enabled.filter((one) => one.matches(fields))) lookAtEdge(element);
  const named = 'input, select, textarea, button, [role="img"]';
  for (const element of shown.filter((one) => one.matches(named))) lookAtName(element);
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  for (const id of new Set(ids.filter((one, index) => ids.indexOf(one) !== index))) {
    flaws.push(`there are several #${id}`);
  }
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) flaws.push(`${scrollWidth} wide, of ${clientWidth}`);
  return flaws;
})();
