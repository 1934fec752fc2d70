// A caller's own loss in plain tfjs ops, in a program as --program takes it: the answer should be nearer than the wrong one by a margin.
export default ({ tf }) => ({
  loss: {
    name: "triplet",
    options: { margin: 0.5 },
    over: "batch",
    needs: { texts: { least: 3, most: 3 } },
    value([question, answer, wrong], { totalRows }) {
      const distance = (a, b) => tf.sqrt(tf.sum(tf.square(tf.sub(a, b)), 1));
      const missing = tf.add(tf.sub(distance(question, answer), distance(question, wrong)), 0.5);
      return tf.div(tf.sum(tf.relu(missing)), totalRows);
    },
  },
});
