namespace CityHub.Sharing.Access;

/// <summary>Grants held in memory by (dataset, receiver), each with the standing ones: for trying out what grants would do before they are made.</summary>
public sealed class GrantIndex : IGrants
{
    private readonly Dictionary<string, Grant> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Dataset, string Receiver), Grant[]> _by = [];

    public GrantIndex(IEnumerable<Grant> grants)
    {
        foreach (var grant in grants)
            _byId[grant.Id] = grant;
        foreach (var dataset in _byId.Values.GroupBy(grant => grant.Dataset, StringComparer.Ordinal))
        {
            Grant[] open = [.. dataset.Where(grant => grant.Receiver == Decider.Public)];
            Grant[] standing = [.. dataset.Where(grant => grant.Receiver == Decider.AnyDepartment), .. open];
            foreach (var receiver in dataset.GroupBy(grant => grant.Receiver, StringComparer.Ordinal))
                if (receiver.Key is not (Decider.Public or Decider.AnyDepartment))
                    _by[(dataset.Key, receiver.Key)] = [.. receiver, .. standing];
            _by[(dataset.Key, Decider.AnyDepartment)] = standing;
            _by[(dataset.Key, Decider.Public)] = open;
        }
    }

    public long Version => 1;

    public IReadOnlyList<Grant> Of(string dataset, string receiver) =>
        _by.TryGetValue((dataset, receiver), out var held) || (receiver != Decider.Public && _by.TryGetValue((dataset, Decider.AnyDepartment), out held)) ? held : [];

    public Grant? Find(string id) => _byId.GetValueOrDefault(id);
}
