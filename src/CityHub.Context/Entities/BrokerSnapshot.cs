using System.Text;

namespace CityHub.Context.Entities;

/// <summary>
/// All tenants' entities as a stream of length-prefixed records: a tenant's name, then its entities, each in the form of <see cref="EntityFacts"/>.
/// </summary>
internal static class BrokerSnapshot
{
    private const int Version = 1;

    public static void Write(Stream stream, IReadOnlyList<(string Tenant, EntityTable Table)> tenants)
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        writer.Write(Version);
        writer.Write(tenants.Count);
        foreach (var (tenant, table) in tenants)
        {
            writer.Write(tenant);
            foreach (var entity in table.All())
            {
                var record = EntityFacts.Encode([ToEdit(entity)]);
                writer.Write(record.Length);
                writer.Write(record);
            }

            writer.Write(0);
        }
    }

    public static void Read(Stream stream, Func<string, EntityTable> table)
    {
        using var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
        if (reader.ReadInt32() is var version and not Version)
            throw new InvalidDataException($"The snapshot has version {version}; this hub reads version {Version}.");
        for (var tenants = reader.ReadInt32(); tenants > 0; tenants--)
        {
            var into = table(reader.ReadString());
            for (var length = reader.ReadInt32(); length > 0; length = reader.ReadInt32())
                foreach (var edit in EntityFacts.Decode(reader.ReadBytes(length)))
                    if (edit.Apply(null) is { } entity)
                        into.Put(entity);
        }
    }

    /// <summary>The edit that makes the entity out of nothing. The entity's modifiedAt is the edit's time; attributes carry their own.</summary>
    private static EntityEdit ToEdit(Entity entity) => new()
    {
        Kind = EditKind.Created,
        Id = entity.Id,
        At = entity.ModifiedAt,
        CreatedAt = entity.CreatedAt,
        Types = entity.Types,
        Scopes = entity.Scopes,
        ExpiresAt = entity.ExpiresAt,
        Set = entity.Attributes,
    };
}
