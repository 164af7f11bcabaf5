using System.Runtime.InteropServices;
using CityHub.Context.Entities;

namespace CityHub.Context.Subscriptions;

/// <summary>
/// Finds the few subscriptions that a change may concern. Each selector stands under the narrowest of: entity id; type and watched attribute; type;
/// watched attribute; everything. On the matcher's thread only.
/// </summary>
internal sealed class SubscriptionIndex
{
    private readonly Dictionary<(string Tenant, string Id), List<Subscription>> _byId = [];
    private readonly Dictionary<(string Tenant, int Type, int Attribute), List<Subscription>> _byTypeAndAttribute = [];
    private readonly Dictionary<(string Tenant, int Type), List<Subscription>> _byType = [];
    private readonly Dictionary<(string Tenant, int Attribute), List<Subscription>> _byAttribute = [];
    private readonly Dictionary<string, List<Subscription>> _all = new(StringComparer.Ordinal);

    public void Add(Subscription subscription) => Each(subscription, add: true);

    public void Remove(Subscription subscription) => Each(subscription, add: false);

    /// <summary>
    /// Adds the candidates to <paramref name="found"/>, each once, in no order. Who is throttled and was told a moment ago is passed over at once: of a thousand
    /// that match every change, few are due.
    /// </summary>
    public void Find(string tenant, ChangeSet change, HashSet<Subscription> found, long now = long.MaxValue)
    {
        Take(_all, tenant, found, now);
        if (_byId.Count > 0)
            Take(_byId, (tenant, change.Entity.Id), found, now);
        if (_byAttribute.Count > 0)
            foreach (var attribute in change.Attributes)
                Take(_byAttribute, (tenant, attribute.Name), found, now);
        // A change may take a type away only by replacing the entity: the types that it has now count.
        foreach (var type in change.Entity.Types)
        {
            if (_byType.Count > 0)
                Take(_byType, (tenant, type), found, now);
            if (_byTypeAndAttribute.Count > 0)
                foreach (var attribute in change.Attributes)
                    Take(_byTypeAndAttribute, (tenant, type, attribute.Name), found, now);
        }
    }

    private void Each(Subscription subscription, bool add)
    {
        var tenant = subscription.Tenant;
        if (subscription.Selectors.Count == 0)
        {
            Everything(subscription, add);
            return;
        }

        foreach (var selector in subscription.Selectors)
        {
            if (selector.Ids is { } ids)
                foreach (var id in ids)
                    Put(_byId, (tenant, id), subscription, add);
            else if (selector.Types is not { All: false } types)
                Everything(subscription, add);
            else if (subscription.Watched is { } watched)
                foreach (var type in types.Candidates)
                    foreach (var attribute in watched)
                        Put(_byTypeAndAttribute, (tenant, type, attribute), subscription, add);
            else
                foreach (var type in types.Candidates)
                    Put(_byType, (tenant, type), subscription, add);
        }
    }

    private void Everything(Subscription subscription, bool add)
    {
        if (subscription.Watched is { } watched)
            foreach (var attribute in watched)
                Put(_byAttribute, (subscription.Tenant, attribute), subscription, add);
        else
            Put(_all, subscription.Tenant, subscription, add);
    }

    private static void Put<TKey>(Dictionary<TKey, List<Subscription>> index, TKey key, Subscription subscription, bool add)
        where TKey : notnull
    {
        if (add)
        {
            ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(index, key, out _);
            list ??= [];
            if (!list.Contains(subscription))
                list.Add(subscription);
        }
        else if (index.TryGetValue(key, out var list) && list.Remove(subscription) && list.Count == 0)
            index.Remove(key);
    }

    private static void Take<TKey>(Dictionary<TKey, List<Subscription>> index, TKey key, HashSet<Subscription> found, long now)
        where TKey : notnull
    {
        if (index.TryGetValue(key, out var list))
            foreach (var subscription in list)
                if (!subscription.IsQuiet(now))
                    found.Add(subscription);
    }
}
