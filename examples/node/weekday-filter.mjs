// Filters of your own: a module that the broker loads at its start.
//
// Run: npm start -- --filter-module examples/node/weekday-filter.mjs --publish-filter NoShouting,max=20
//      curl -G 'localhost:3412/updates' -d oid=menu -d filterType=WeekdayFilter -d filter=Monday,Friday

/** For subscribe and get: `<filter type='WeekdayFilter'>Monday,Friday</filter>` lets pass what was published on these days. */
export const accessFilters = [
  {
    type: 'WeekdayFilter',
    // Called once per query. What it throws is said to the client. `parameters` is a Map of what --access-filter says.
    compile(query) {
      const days = query.split(',').map((day) => DAYS.indexOf(day.trim()));
      if (days.includes(-1)) throw new Error(`the days are ${DAYS.join(', ')}`);
      // Called for every message, so it should be quick: { key, content, qos, sender, rcvTimestamp }, and the name of the receiver's session.
      return ({ rcvTimestamp }, _receiver) => days.includes(new Date(Number(rcvTimestamp / 1_000_000n)).getUTCDay());
    },
  },
];

/** For every publish, once --publish-filter names it. */
export const publishFilters = [
  {
    type: 'NoShouting',
    create(parameters) {
      const max = Number(parameters.get('max') ?? 10);
      return ({ content, key }) => {
        if (!key.contentMime.startsWith('text/')) return undefined; // accepted
        const text = content.toString();
        if (/[!]{4}/.test(text)) return 'TOO_LOUD'; // refused: the publisher gets <state id='TOO_LOUD'/>
        const capitals = text.replace(/[^A-Z]/g, '').length;
        return capitals > max ? Buffer.from(text.toLowerCase()) : undefined; // accepted with another content
      };
    },
  },
];

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
