namespace CityHub.Sensing.Mqtt;

/// <summary>Topic names and filters (MQTT 5.0, 4.7).</summary>
internal static class Topics
{
    public const int MostCharacters = 1_024;

    public static bool IsName(ReadOnlySpan<char> topic) => topic.Length is > 0 and <= MostCharacters && !topic.ContainsAny('+', '#');

    public static bool IsFilter(ReadOnlySpan<char> filter)
    {
        if (filter.Length is 0 or > MostCharacters)
            return false;
        while (true)
        {
            var slash = filter.IndexOf('/');
            var level = slash < 0 ? filter : filter[..slash];
            if (level.Length > 1 && level.ContainsAny('+', '#'))
                return false;
            if (slash < 0)
                return true;
            if (level is "#")
                return false;
            filter = filter[(slash + 1)..];
        }
    }
}

/// <summary>How a subscription wants its messages.</summary>
internal readonly record struct SubscriptionOptions(int QoS, bool NoLocal, bool RetainAsPublished);

/// <summary>Who listens to what, in one tenant: a tree of topic levels.</summary>
internal sealed class TopicTree
{
    private readonly Lock _gate = new();
    private readonly Node _root = new();
    private int _count;

    /// <summary>Subscriptions. Nobody listens most of the time, and then a publish costs nothing here.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <returns>False when it replaced one.</returns>
    public bool Add(string filter, MqttSession session, SubscriptionOptions options)
    {
        lock (_gate)
        {
            var node = _root;
            foreach (var level in filter.Split('/'))
            {
                if (level == "#")
                {
                    var all = node.All ??= [];
                    return Counted(all.TryAdd(session, options), all, session, options);
                }

                node = level == "+" ? node.Any ??= new Node() : node.Child(level);
            }

            var here = node.Here ??= [];
            return Counted(here.TryAdd(session, options), here, session, options);
        }
    }

    public bool Remove(string filter, MqttSession session)
    {
        lock (_gate)
        {
            if (!Remove(_root, filter.Split('/'), 0, session))
                return false;
            Volatile.Write(ref _count, _count - 1);
            return true;
        }
    }

    /// <summary>Those whose filters fit; each once, with the highest of its qualities of service.</summary>
    public void Match(ReadOnlySpan<char> topic, List<(MqttSession Session, SubscriptionOptions Options)> into)
    {
        lock (_gate)
            Match(_root, topic, topic.Length > 0 && topic[0] == '$', into);
    }

    private bool Counted(bool added, Dictionary<MqttSession, SubscriptionOptions> at, MqttSession session, SubscriptionOptions options)
    {
        if (added)
            Volatile.Write(ref _count, _count + 1);
        else
            at[session] = options;
        return added;
    }

    /// <param name="ofTheServer">4.7.2: a wildcard at the first level does not reach topics that begin with $.</param>
    private static void Match(Node node, ReadOnlySpan<char> topic, bool ofTheServer, List<(MqttSession Session, SubscriptionOptions Options)> into)
    {
        if (!ofTheServer)
            Collect(node.All, into);
        var slash = topic.IndexOf('/');
        var level = slash < 0 ? topic : topic[..slash];
        if (node.Find(level) is { } child)
            Below(child, topic, slash, into);
        if (node.Any is { } any && !ofTheServer)
            Below(any, topic, slash, into);
    }

    private static void Below(Node node, ReadOnlySpan<char> topic, int slash, List<(MqttSession Session, SubscriptionOptions Options)> into)
    {
        if (slash >= 0)
        {
            Match(node, topic[(slash + 1)..], false, into);
            return;
        }

        Collect(node.Here, into);
        // a/# is a itself too.
        Collect(node.All, into);
    }

    private static void Collect(Dictionary<MqttSession, SubscriptionOptions>? from, List<(MqttSession Session, SubscriptionOptions Options)> into)
    {
        if (from is null)
            return;
        foreach (var (session, options) in from)
        {
            var at = session.SubscriptionCount > 1 ? into.FindIndex(m => ReferenceEquals(m.Session, session)) : -1;
            if (at < 0)
                into.Add((session, options));
            else if (options.QoS > into[at].Options.QoS)
                into[at] = (session, options);
        }
    }

    private static bool Remove(Node node, string[] levels, int at, MqttSession session)
    {
        if (at == levels.Length)
            return node.Here is { } here && here.Remove(session);
        var level = levels[at];
        if (level == "#")
            return node.All is { } all && all.Remove(session);
        var child = level == "+" ? node.Any : node.Find(level);
        if (child is null || !Remove(child, levels, at + 1, session))
            return false;
        if (!child.IsEmpty)
            return true;
        if (level == "+")
            node.Any = null;
        else
            node.Forget(level);
        return true;
    }

    private sealed class Node
    {
        private Dictionary<string, Node>? _children;

        public Node? Any;
        public Dictionary<MqttSession, SubscriptionOptions>? Here;
        public Dictionary<MqttSession, SubscriptionOptions>? All;

        public bool IsEmpty => Any is null && _children is null or { Count: 0 } && Here is null or { Count: 0 } && All is null or { Count: 0 };

        public Node Child(string level)
        {
            var children = _children ??= new Dictionary<string, Node>(StringComparer.Ordinal);
            if (!children.TryGetValue(level, out var child))
                children.Add(level, child = new Node());
            return child;
        }

        public Node? Find(ReadOnlySpan<char> level) =>
            _children is not null && _children.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(level, out var child) ? child : null;

        public void Forget(string level) => _children?.Remove(level);
    }
}
