/**
 * Texts for the user belong into src/i18n: in screens a literal with a letter in it, as content, as a property that is read to
 * the user or as such a field of an object, is one. check.mjs proves that each form is seen.
 */
const read = 'accessibilityLabel|accessibilityHint|aria-label|title|subtitle|description|label|placeholder|hint|note|status|children|text';

export const texts = [
  'JSXText[value=/\\p{L}/u]',
  'JSXElement > JSXExpressionContainer > Literal[value=/\\p{L}/u]',
  'JSXElement > JSXExpressionContainer > :matches(ConditionalExpression, LogicalExpression) > Literal[value=/\\p{L}/u]',
  'JSXElement > JSXExpressionContainer > TemplateLiteral > TemplateElement[value.cooked=/\\p{L}/u]',
  `JSXAttribute[name.name=/^(${read})$/] Literal[value=/\\p{L}/u]:not(CallExpression Literal):not(BinaryExpression Literal)`,
  `JSXAttribute[name.name=/^(${read})$/] TemplateElement[value.cooked=/\\p{L}/u]`,
  `Property[key.name=/^(${read})$/] > Literal[value=/\\p{L}/u]`,
  `Property[key.name=/^(${read})$/] > TemplateLiteral > TemplateElement[value.cooked=/\\p{L}/u]`,
].map(selector => ({ selector, message: 'Texts for the user belong into src/i18n.' }));
