using System.Collections.Immutable;

namespace CityHub.Sharing.OpenData.Ckan;

/// <summary>The published datasets as packages, made once for each version of the catalogue, newest first: searches and pages only pick from it.</summary>
internal sealed class PackageIndex
{
    private sealed record Made(long Version, string Address, ImmutableArray<PackageDocument> Packages);

    private Made? _made;

    public ImmutableArray<PackageDocument> Of(OpenDataRoom room, string address)
    {
        // The version is read before the datasets: a change in between is made again at the next call.
        var version = room.Catalogue.Version;
        if (_made is { } made && made.Version == version && made.Address == address)
            return made.Packages;
        made = new Made(version, address,
        [
            .. room.Catalogue.Published.OrderByDescending(dataset => dataset.ChangedAt).ThenBy(dataset => dataset.Id, StringComparer.Ordinal)
                .Select(dataset => new PackageDocument(dataset, PackageWriter.Write(room, address, dataset))),
        ]);
        _made = made;
        return made.Packages;
    }
}
