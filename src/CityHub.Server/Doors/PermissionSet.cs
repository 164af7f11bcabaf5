using CityHub.Core.Ports;

namespace CityHub.Server.Doors;

/// <summary>Permissions as bits, in the order of <see cref="Permissions.All"/>: asking whether a token may is one AND.</summary>
internal readonly record struct PermissionSet(ulong Bits)
{
    public static readonly PermissionSet All = Of(Permissions.All);

    /// <summary>Names that are no permission of the hub (<c>openid</c>, <c>profile</c>) are passed over.</summary>
    public static PermissionSet Of(IEnumerable<string> names)
    {
        var bits = 0UL;
        foreach (var name in names)
            bits |= BitOf(name);
        return new PermissionSet(bits);
    }

    /// <summary>0 when the hub knows no such permission.</summary>
    public static ulong BitOf(string name)
    {
        for (var i = 0; i < Permissions.All.Count; i++)
            if (Permissions.All[i] == name)
                return 1UL << i;
        return 0;
    }

    public bool Has(ulong bit) => (Bits & bit) != 0;

    public IEnumerable<string> Names
    {
        get
        {
            for (var i = 0; i < Permissions.All.Count; i++)
                if (Has(1UL << i))
                    yield return Permissions.All[i];
        }
    }
}
