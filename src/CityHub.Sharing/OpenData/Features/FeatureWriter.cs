using System.Text.Json;
using CityHub.Core.Tables;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.OpenData.Features;

/// <summary>A released row as a GeoJSON feature. A place that is masked or missing is no geometry; a key that may not leave is no id.</summary>
internal sealed class FeatureWriter
{
    private readonly TableSchema _schema;
    private readonly Crs _crs;
    private readonly int _longitude;
    private readonly int _latitude;
    private readonly int _key;

    public FeatureWriter(Dataset dataset, TableSchema schema, Crs crs)
    {
        (_schema, _crs) = (schema, crs);
        _longitude = NumberAt(dataset.Longitude);
        _latitude = NumberAt(dataset.Latitude);
        _key = dataset.Key is { } key ? schema.IndexOf(key) : -1;

        int NumberAt(string? name) => name is not null && schema.IndexOf(name) is var i and >= 0 && schema.Columns[i].Type is ColumnType.Number or ColumnType.Integer ? schema.IndexOf(name) : -1;
    }

    public void Write(Utf8JsonWriter json, RowBatch batch, int row, Action<Utf8JsonWriter>? links = null)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "Feature");
        if (_key >= 0 && !batch.Columns[_key].IsNull(row))
        {
            json.WritePropertyName("id"u8);
            Cells.Json(json, batch.Columns[_key], row);
        }

        json.WritePropertyName("geometry"u8);
        Geometry(json, batch, row);
        json.WriteStartObject("properties"u8);
        for (var i = 0; i < _schema.Columns.Count; i++)
        {
            if (i == _longitude || i == _latitude)
                continue;
            json.WritePropertyName(_schema.Columns[i].Name);
            Cells.Json(json, batch.Columns[i], row);
        }

        json.WriteEndObject();
        links?.Invoke(json);
        json.WriteEndObject();
    }

    private void Geometry(Utf8JsonWriter json, RowBatch batch, int row)
    {
        if (_longitude < 0 || _latitude < 0 || batch.Columns[_longitude].IsNull(row) || batch.Columns[_latitude].IsNull(row))
        {
            json.WriteNullValue();
            return;
        }

        var (first, second) = _crs.From(Number(batch.Columns[_longitude], row), Number(batch.Columns[_latitude], row));
        if (!double.IsFinite(first) || !double.IsFinite(second))
        {
            json.WriteNullValue();
            return;
        }

        json.WriteStartObject();
        json.WriteString("type"u8, "Point");
        json.WriteStartArray("coordinates"u8);
        json.WriteNumberValue(first);
        json.WriteNumberValue(second);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static double Number(ColumnBatch column, int row) => column.Type == ColumnType.Number ? column.Numbers[row] : column.Integers[row];
}
