// The Node binding finds its library beside itself by import.meta.url, which CommonJS, and so Jest, has not.
module.exports = ({ types }) => ({
  visitor: {
    MetaProperty(path) {
      const isUrl = path.node.meta.name === 'import' && types.isMemberExpression(path.parent) && path.parent.property.name === 'url';
      if (isUrl) path.parentPath.replaceWithSourceString("require('node:url').pathToFileURL(__filename).href");
    },
  },
});
